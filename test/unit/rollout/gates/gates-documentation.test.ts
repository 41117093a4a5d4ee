import { expect, it } from 'vitest';
import { alphaOf } from '../../../../src/rollout/gates/alpha.js';
import { differenceView } from '../../../../src/rollout/gates/difference-view.js';
import { latencyView } from '../../../../src/rollout/gates/latency-view.js';
import { rateView, signedView, type View } from '../../../../src/rollout/gates/view.js';
import { SETTINGS } from '../../../support/gate-evidence.js';
import { ROOT, readText, withGenerated } from '../../../support/repository.js';
import { xorshift } from '../../../support/rollout-simulation.js';
import {
  failBoundary,
  fixedSampleSize,
  mean,
  passBoundary,
  quantile,
  stoppingTime,
} from '../../../support/stopping-times.js';

const RUNS = 2000;
const MOST = 30_000;
const LIMIT = 0.03;
const PROVEN = 0.045;

/** Two digits that matter. */
const about = (n: number): string => Number(n.toPrecision(2)).toLocaleString('en-US');
const percent = (share: number): string => `${String(Number((100 * share).toPrecision(3)))} %`;
const tableOf = (rows: readonly (readonly string[])[]): string =>
  ['<!-- prettier-ignore -->', ...rows.map((row) => `| ${row.join(' | ')} |`)].join('\n');

function disagreementTable(): string {
  const alpha = alphaOf('disagreement', SETTINGS);
  const [fail, pass] = [failBoundary(LIMIT, alpha, MOST), passBoundary(PROVEN, alpha, MOST)];
  const times = (rate: number, stops: (k: number, n: number) => boolean): string[] => {
    const random = xorshift(5);
    const found = Array.from({ length: RUNS }, () => stoppingTime(rate, MOST, stops, random) ?? Infinity);
    const high = quantile(found, 0.95);
    return [about(mean(found)), about(high)];
  };
  const bad = [0.05, 0.06, 0.08, 0.1, 0.2, 0.5, 1].map((rate) => [
    percent(rate),
    'rolled back',
    ...times(rate, (k, n) => k >= (fail[n] ?? Infinity)),
    rate < 1 ? about(fixedSampleSize(LIMIT, rate, SETTINGS.alpha, 0.01)) : '',
  ]);
  const good = [0, 0.005, 0.01, 0.015, 0.02].map((rate) => [
    percent(rate),
    'certain enough',
    ...times(rate, (k, n) => k <= (pass[n] ?? -1)),
    '',
  ]);
  return tableOf([
    ['true disagreement', 'is', 'after, on average', '95 % of rollouts by', 'one look needs'],
    ['---', '---', '---:', '---:', '---:'],
    ...good,
    ...bad,
  ]);
}

/** Least n, in steps of 2 %, at which the view of n samples that came out as expected proves to be above the limit. */
function typical(limit: number, viewOf: (n: number) => View): string {
  for (let n = 1; n < 1e7; n = Math.ceil(n * 1.02)) if (viewOf(n).provesAbove(limit)) return about(n);
  throw new Error('never');
}

/** Log-normal times around a median, every quantile once: bucket counts of n runs. */
function runsOf(n: number, median: number, sigma: number): Record<string, Record<string, number>> {
  const histogram: Record<string, number> = {};
  for (let i = 0; i < n; i++) {
    // The logistic quantile, scaled to the normal one's spread: close enough, and in closed form.
    const p = (i + 0.5) / n;
    const bucket = Math.floor(32 * Math.log2(median * Math.exp(sigma * 0.59 * Math.log(p / (1 - p)))));
    histogram[bucket] = (histogram[bucket] ?? 0) + 1;
  }
  return { 6: histogram };
}

function otherTable(): string {
  const errors = [0.01, 0.02, 0.05, 0.2, 1].map((rate) => {
    const alpha = alphaOf('error_rate_increase', SETTINGS) / 4;
    const at = typical(0.005, (n) =>
      differenceView('', { k: Math.floor(rate * n), n }, { k: Math.ceil(0.099 * n), n: 99 * n }, alpha),
    );
    return [
      '`error_rate_increase`',
      `${percent(rate)} where the stable version has 0.1 %`,
      `${at} canary requests`,
    ];
  });
  const failing = [0.01, 0.02, 0.05, 0.2].map((rate) => {
    const alpha = alphaOf('error_rate_increase', SETTINGS) / 2;
    const at = typical(0.005, (n) => signedView('', Math.floor(rate * n), 0, n, alpha));
    return [
      '`error_rate_increase`',
      `${percent(rate)} of the texts fail on the canary alone`,
      `${at} distinct texts`,
    ];
  });
  const latency = [1.4, 1.5, 2, 3].map((ratio) => {
    const alpha = alphaOf('latency_ratio', SETTINGS) / 2;
    const at = typical(1.25, (n) =>
      latencyView('', runsOf(n, 20_000 * ratio, 0.15), runsOf(20 * n, 20_000, 0.15), alpha),
    );
    return ['`latency_ratio`', `${String(ratio)} times as slow, times spread by 15 %`, `${at} canary runs`];
  });
  const labels = [0.03, 0.04, 0.06, 0.1].map((rate) => {
    const alpha = alphaOf('label_share_shift', SETTINGS) / 4;
    const at = typical(0.02, (n) => signedView('', Math.floor(rate * n), 0, n, alpha));
    return [
      '`label_share_shift`',
      `${percent(rate)} flip, all in one direction (2 labels)`,
      `${at} distinct texts`,
    ];
  });
  const feedback = [0.05, 0.1, 0.2].map((drop) => {
    const alpha = alphaOf('feedback_accuracy_drop', { ...SETTINGS, feedbackAccuracyDrop: 0.02 });
    const at = typical(0.02, (n) =>
      rateDifference(Math.floor((0.1 + drop) * n), n, Math.ceil(1.9 * n), 19 * n, alpha),
    );
    return [
      '`feedback_accuracy_drop` (2 points)',
      `${percent(0.9 - drop)} right instead of 90 %`,
      `${at} answers with feedback`,
    ];
  });
  return tableOf([
    ['gate', 'the canary', 'rolled back after'],
    ['---', '---', '---'],
    ...errors,
    ...failing,
    ...latency,
    ...labels,
    ...feedback,
  ]);
}

const rateDifference = (k: number, n: number, stableK: number, stableN: number, alpha: number): View =>
  differenceView('', { k, n }, { k: stableK, n: stableN }, alpha);

it('docs/gates.md tells how many samples the gates take', async () => {
  const first = withGenerated(readText('docs/gates.md'), 'disagreement samples', disagreementTable());
  const generated = withGenerated(first, 'other samples', otherTable());
  await expect(generated).toMatchFileSnapshot(`${ROOT}docs/gates.md`);
});

it('one share alone is judged as the table says', () => {
  const alpha = alphaOf('disagreement', SETTINGS);
  expect(typical(LIMIT, (n) => rateView('', Math.floor(0.06 * n), n, alpha))).toMatch(/^[345]\d0$/);
});
