import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noEvidence, type Evidence } from '../../../../src/rollout/evidence/counts.js';
import { mergeEvidence } from '../../../../src/rollout/evidence/merge.js';
import { recordRun } from '../../../../src/rollout/evidence/record.js';
import { labelView } from '../../../../src/rollout/gates/label-view.js';
import type { GateEvidence } from '../../../../src/rollout/gates/types.js';
import { decide } from '../../../../src/rollout/gates/verdict.js';
import { signedView } from '../../../../src/rollout/gates/view.js';
import { LAST, SETTINGS, STEP, evidenceOf, rowOf } from '../../../support/gate-evidence.js';

describe('the gate on errors', () => {
  it('compares the users of both versions', () => {
    const evidence = evidenceOf(({ canary }) => (canary.errors = 180));
    const row = rowOf('error_rate_increase', evidence);
    expect(row).toMatchObject({ state: 'fail', n: 9000 });
    expect(row.observed).toBeCloseTo(0.019);
    expect(row.lower).toBeGreaterThan(0.005);
    expect(row.sentence).toContain('in the whole rollout');
  });

  it('blames no canary for errors that both versions make', () => {
    const both = evidenceOf(({ canary, stable }) => {
      canary.errors = 450;
      stable.errors = 4500;
    });
    expect(rowOf('error_rate_increase', both, SETTINGS, LAST).state).toBe('open');
    expect(rowOf('error_rate_increase', both).state).toBe('pass');
  });

  it('takes an excess for chance that chance can bring', () => {
    const noisy = evidenceOf(({ canary, stable }) => {
      Object.assign(canary, { requests: 1000, errors: 58 });
      Object.assign(stable, { requests: 99_000, errors: 4950 });
    });
    const row = rowOf('error_rate_increase', noisy);
    expect(row.state).toBe('open');
    expect(row.sentence).toContain('which can still be chance');
  });

  it('sees a step that goes wrong after many that went well', () => {
    const step = noEvidence();
    Object.assign(step.canary, { requests: 1000, errors: 60 });
    Object.assign(step.stable, { requests: 1000, errors: 1 });
    const long = evidenceOf(({ canary, stable }) => {
      Object.assign(canary, { requests: 1e6, errors: 1000 });
      Object.assign(stable, { requests: 1e6, errors: 1000 });
    });
    const row = rowOf('error_rate_increase', { ...long, total: mergeEvidence(long.total, step), step });
    expect(row).toMatchObject({ state: 'fail', n: 1000 });
    expect(row.sentence).toContain('in this step');
  });

  it('sees texts that only the canary fails, also where users never see it', () => {
    const evidence = evidenceOf(({ canary, stable, pairs }) => {
      Object.assign(canary, { requests: 0, errors: 0 });
      Object.assign(stable, { requests: 9000, errors: 9 });
      pairs.canaryOnlyErrors = 150;
    });
    const row = rowOf('error_rate_increase', evidence, SETTINGS, { ...STEP, shadow: true });
    expect(row).toMatchObject({ state: 'fail', n: 5150 });
    pairsOf(evidence).stableOnlyErrors = 150;
    expect(rowOf('error_rate_increase', evidence, SETTINGS, { ...STEP, shadow: true }).state).toBe('pass');
  });
});

const pairsOf = ({ total }: GateEvidence): Evidence['pairs'] => total.pairs;

describe('the gate on latency', () => {
  const runs = (
    window: Evidence,
    side: 'canary' | 'stable',
    n: number,
    paddedTokens: number,
    ms: number,
  ): void => {
    for (let i = 0; i < n; i++)
      recordRun(window[side], { inferenceMs: ms * (1 + (i % 20) / 100), paddedTokens });
  };
  const fresh = (fill: (window: Evidence) => void): GateEvidence =>
    evidenceOf((window) => {
      for (const side of [window.canary, window.stable]) {
        Object.assign(side, { runs: {}, inferenceMicros: 0, paddedTokens: 0 });
      }
      fill(window);
    });

  it('fails a canary that takes half as long again', () => {
    const evidence = fresh((window) => {
      runs(window, 'canary', 200, 64, 1.5);
      runs(window, 'stable', 200, 64, 1);
    });
    const row = rowOf('latency_ratio', evidence);
    expect(row).toMatchObject({ state: 'fail', n: 200, unit: 'ratio' });
    expect(row.observed).toBeCloseTo(1.5, 1);
    expect(row.lower).toBeGreaterThan(1.25);
    expect(row.lower).toBeLessThan(1.5);
    expect(row.upper).toBeGreaterThan(1.5);
    expect(row.upper).toBeLessThan(1.8);
  });

  it('compares runs of like size: the canary has the small ones, which cost more per token', () => {
    const evidence = fresh((window) => {
      runs(window, 'canary', 190, 16, 0.8);
      runs(window, 'canary', 60, 256, 4);
      runs(window, 'stable', 60, 16, 0.8);
      runs(window, 'stable', 190, 256, 4);
    });
    const { canary, stable } = evidence.total;
    expect(canary.inferenceMicros / canary.paddedTokens).toBeGreaterThan(
      1.25 * (stable.inferenceMicros / stable.paddedTokens),
    );
    const row = rowOf('latency_ratio', evidence, SETTINGS, LAST);
    expect(row.state).toBe('pass');
    expect(row.observed).toBeCloseTo(1, 1);
  });

  it('is not impressed by a few pauses of the machine', () => {
    const evidence = fresh((window) => {
      runs(window, 'canary', 380, 64, 1);
      runs(window, 'canary', 20, 64, 200);
      runs(window, 'stable', 400, 64, 1);
    });
    expect(rowOf('latency_ratio', evidence, SETTINGS, LAST).state).toBe('pass');
  });

  it('waits for runs of both', () => {
    const evidence = fresh((window) => {
      runs(window, 'canary', 100, 64, 1);
    });
    expect(rowOf('latency_ratio', evidence)).toMatchObject({ state: 'not_enough_data', n: 0 });
  });

  it("tells the users' latency beside it", () => {
    const evidence = evidenceOf(({ canary, stable }) => {
      canary.latencyMicros = { 400: 100 };
      stable.latencyMicros = { 368: 100 };
    });
    expect(rowOf('latency_ratio', evidence).sentence).toContain('p99 5.86 ms against 2.93 ms');
  });

  it('is wrong about equal versions in no more of 300 rollouts than promised', () => {
    let seed = 1;
    const noise = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    let failed = 0;
    for (let run = 0; run < 300; run++) {
      const window = noEvidence();
      for (let i = 0; i < 80; i++) {
        // The median ratio is the limit itself, but for the width of the buckets.
        recordRun(window.canary, { inferenceMs: 1.25 * (0.5 + noise()), paddedTokens: 64 });
        for (let j = 0; j < 5; j++) {
          recordRun(window.stable, { inferenceMs: 0.5 + noise(), paddedTokens: 64 });
        }
        const evidence = { labelCount: 2, total: window, step: noEvidence(), saturated: false };
        const only = {
          ...SETTINGS,
          disagreement: null,
          errorRateIncrease: null,
          labelShareShift: null,
          alpha: 0.2,
        };
        if (decide(evidence, only, STEP) === 'roll_back') {
          failed++;
          break;
        }
      }
    }
    expect(failed).toBeLessThanOrEqual(30);
  });
});

describe('the gate on label shares', () => {
  it('fails a canary whose flips all go one way, and passes one whose flips cancel out', () => {
    const oneWay = evidenceOf(({ pairs }) => {
      Object.assign(pairs, { disagreements: 145, gained: { 1: 145 }, lost: { 0: 145 } });
    });
    const more = mergeEvidence(oneWay.total, oneWay.total);
    const row = rowOf('label_share_shift', { ...oneWay, total: more });
    expect(row).toMatchObject({ state: 'fail', observed: 0.029, n: 10_000 });
    expect(row.sentence).toMatch(/index [01]\.$/);
    const bothWays = evidenceOf(({ pairs }) => {
      Object.assign(pairs, { disagreements: 145, gained: { 1: 73, 0: 72 }, lost: { 0: 73, 1: 72 } });
    });
    expect(rowOf('label_share_shift', bothWays, SETTINGS, LAST).state).toBe('pass');
  });

  it('fails for a label that is lost too', () => {
    const lost = evidenceOf(({ pairs }) => {
      const gained = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [i + 1, 5]));
      Object.assign(pairs, { disagreements: 200, gained, lost: { 0: 200 } });
    });
    expect(rowOf('label_share_shift', { ...lost, labelCount: 41 })).toMatchObject({
      state: 'fail',
      observed: 0.04,
    });
  });
});

describe('a view of many labels', () => {
  const flips = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 12 });

  it('is the worst of the views of each label in each direction', () => {
    fc.assert(
      fc.property(flips, fc.double({ min: 0, max: 0.2, noNaN: true }), (labels, limit) => {
        const pairs = { ...noEvidence().pairs, pairs: 1500 };
        labels.forEach(([up, down], label) => {
          pairs.gained[label] = up;
          pairs.lost[label] = down;
        });
        const view = labelView('', pairs, 20, 0.01);
        const all = [...labels, [0, 0] as const].flatMap(([up, down]) => [
          signedView('', up, down, 1500, 0.01 / 40),
          signedView('', down, up, 1500, 0.01 / 40),
        ]);
        expect(view.provesAbove(limit)).toBe(all.some((one) => one.provesAbove(limit)));
        expect(view.provesBelow(limit)).toBe(all.every((one) => one.provesBelow(limit)));
        expect(view.bounds().upper).toBeCloseTo(Math.max(...all.map((one) => one.bounds().upper)), 9);
        expect(view.bounds().lower).toBeCloseTo(Math.max(0, ...all.map((one) => one.bounds().lower)), 9);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the gates on feedback', () => {
  const withFeedback = { ...SETTINGS, feedbackAccuracyDrop: 0.02 };

  it('fails a canary that is less accurate', () => {
    const evidence = evidenceOf(({ canary }) => (canary.feedback.correct = 750));
    expect(rowOf('feedback_accuracy_drop', evidence, withFeedback)).toMatchObject({ state: 'fail', n: 1000 });
    expect(rowOf('feedback_accuracy_drop', evidenceOf(), withFeedback).state).toBe('pass');
  });

  it('hold up the last steps alone while no truth has come', () => {
    const none = evidenceOf(({ canary }) => (canary.feedback = { correct: 0, total: 0 }));
    expect(decide(none, withFeedback, STEP)).toBe('promote');
    expect(decide(none, withFeedback, LAST)).toBe('not_enough_data');
  });

  it('judge a kpi by its mean', () => {
    const withKpi = { ...SETTINGS, kpiDrop: 0.5 };
    const evidence = evidenceOf(({ canary, stable }) => {
      canary.kpi = { count: 1000, origin: 0, sum: 3000, sumOfSquares: 10_000 };
      stable.kpi = { count: 1000, origin: 0, sum: 5000, sumOfSquares: 26_000 };
    });
    expect(rowOf('kpi_drop', evidence, withKpi)).toMatchObject({ state: 'fail', observed: 2, unit: 'kpi' });
    evidence.total.canary.kpi = evidence.total.stable.kpi;
    expect(rowOf('kpi_drop', evidence, withKpi, LAST).state).toBe('pass');
  });
});
