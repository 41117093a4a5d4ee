import { describe, expect, it } from 'vitest';
import { noEvidence, type Evidence } from '../../../../src/rollout/evidence/counts.js';
import { mergeEvidence } from '../../../../src/rollout/evidence/merge.js';
import { meanOf, varianceOf } from '../../../../src/rollout/evidence/moments.js';
import { parseEvidence } from '../../../../src/rollout/evidence/parse-evidence.js';
import { recordFeedback } from '../../../../src/rollout/evidence/record.js';
import { kpiView } from '../../../../src/rollout/gates/kpi-view.js';
import { xorshift } from '../../../support/rollout-simulation.js';

const ALPHA = 0.001;
const LIMIT = 0.5;
const VALUES = 600;
const BASES = [0, 1e6, 1e9, -1e9, 1e12];

type Random = () => number;

/** Three uniform values: within ±15 of the base, with a standard deviation of 5. */
const around = (base: number, random: Random): number => base + 10 * (random() + random() + random() - 1.5);

const viewOf = ({ canary, stable }: Evidence): ReturnType<typeof kpiView> =>
  kpiView('', canary.kpi, stable.kpi, ALPHA);

/** Whether the gate fails at one of the looks, as values come in to three replicas whose figures are added up. */
function failsOnce(base: number, canaryLower: number, random: Random): boolean {
  const replicas = [noEvidence(), noEvidence(), noEvidence()] as const;
  for (let i = 1; i <= VALUES; i++) {
    const replica = replicas[Math.floor(3 * random())] ?? replicas[0];
    recordFeedback(replica.canary, { kpi: around(base - canaryLower, random) });
    recordFeedback(replica.stable, { kpi: around(base, random) });
    if (i % 10 === 0 && viewOf(mergeEvidence(noEvidence(), ...replicas)).provesAbove(LIMIT)) return true;
  }
  return false;
}

const failures = (base: number, canaryLower: number): number => {
  const random = xorshift(7);
  return Array.from({ length: 200 }, () => failsOnce(base, canaryLower, random)).filter(Boolean).length;
};

/** What releases without an origin have kept. */
function olderDocument(values: readonly number[]): object {
  const kpi = {
    count: values.length,
    sum: values.reduce((sum, value) => sum + value, 0),
    sumOfSquares: values.reduce((sum, value) => sum + value * value, 0),
  };
  return {
    ...noEvidence(),
    canary: { ...noEvidence().canary, kpi },
    stable: { ...noEvidence().stable, kpi },
  };
}

describe.each(BASES)('the gate on a kpi around %d', (base) => {
  it('rolls back none of 200 canaries that are as good as the stable version', () => {
    expect(failures(base, 0)).toBe(0);
  });

  it('rolls back every one of 200 that is worse by its standard deviation', () => {
    expect(failures(base, 5)).toBe(200);
  });
});

describe('the moments of a kpi', () => {
  it.each(BASES)('around %d are those of the values, also after a restart and a merge', (base) => {
    const random = xorshift(3);
    const [one, two, together] = [noEvidence(), noEvidence(), noEvidence()];
    const offsets = Array.from({ length: 1000 }, () => Math.round(around(0, random)));
    offsets.forEach((offset, i) => {
      for (const window of [i % 3 === 0 ? one : two, together]) {
        recordFeedback(window.canary, { kpi: base + offset });
      }
    });
    const mean = offsets.reduce((sum, offset) => sum + offset, 0) / 1000;
    const variance = offsets.reduce((sum, offset) => sum + (offset - mean) ** 2, 0) / 1000;
    const restarted = parseEvidence(JSON.parse(JSON.stringify(one)));
    for (const evidence of [together, mergeEvidence(restarted, two), mergeEvidence(two, restarted)]) {
      expect(meanOf(evidence.canary.kpi)).toBeCloseTo(base + mean, 3);
      expect(varianceOf(evidence.canary.kpi)).toBeCloseTo(variance, 6);
    }
  });

  it('of an older release are read as they are', () => {
    const evidence = parseEvidence(olderDocument([1, 2, 3, 6]));
    expect(meanOf(evidence.canary.kpi)).toBe(3);
    expect(varianceOf(evidence.canary.kpi)).toBeCloseTo(3.5, 9);
    recordFeedback(evidence.canary, { kpi: 8 });
    expect(meanOf(evidence.canary.kpi)).toBe(4);
  });

  it('of an older release that have lost their variance prove nothing, whatever is added to them', () => {
    // What is left of them where rounding has taken every digit of the spread, which is 5 in truth.
    const older = noEvidence();
    older.canary.kpi = { count: 400, origin: 0, sum: 400 * (1e9 - 5), sumOfSquares: 400 * (1e9 - 5) ** 2 };
    older.stable.kpi = { count: 400, origin: 0, sum: 400 * 1e9, sumOfSquares: 400 * 1e18 };
    const ours = noEvidence();
    const random = xorshift(5);
    for (let i = 0; i < 100; i++) {
      recordFeedback(ours.canary, { kpi: around(1e9 - 5, random) });
      recordFeedback(ours.stable, { kpi: around(1e9, random) });
    }
    for (const evidence of [older, mergeEvidence(older, ours), mergeEvidence(ours, older)]) {
      expect(Math.abs((viewOf(evidence).observed ?? 0) - 5)).toBeLessThan(0.5);
      expect(viewOf(evidence).provesAbove(LIMIT)).toBe(false);
    }
  });
});
