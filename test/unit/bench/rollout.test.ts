import { expect, it } from 'vitest';
import { comparisonIsRight, rolloutTargets } from '../../../bench/report/rollout-section.js';
import type { ComparisonCost, UserLatency } from '../../../bench/rollout/comparison-cost.js';
import { QUICK_ROLLOUT } from '../../../bench/rollout/plan.js';

const users = (p99Ms: number, pairsPerS: number, failed = 0): UserLatency => ({
  requests: 1000,
  failed,
  p50Ms: 2,
  p99Ms,
  pairsPerS,
});

const cost = (without: UserLatency, compared: UserLatency): ComparisonCost => ({
  plan: QUICK_ROLLOUT,
  capacityPerS: 400,
  loadPerS: 200,
  without,
  with: compared,
  p99Ratio: compared.p99Ms / without.p99Ms,
  roundRatios: [1],
  medianRoundRatio: 1,
});

it('the comparison may cost a tenth of the p99, and no request', () => {
  const reached = (report: ComparisonCost): boolean[] =>
    rolloutTargets(report).map((target) => target.reached);
  expect(reached(cost(users(20, 0), users(22, 5)))).toEqual([true, true]);
  expect(reached(cost(users(20, 0), users(22.1, 5)))).toEqual([false, true]);
  expect(reached(cost(users(20, 0), users(20, 5, 1)))).toEqual([true, false]);
});

it('a run in which nothing was compared, or both services did, says nothing', () => {
  expect(comparisonIsRight(cost(users(20, 0), users(20, 5)))).toBe(true);
  expect(comparisonIsRight(cost(users(20, 0), users(20, 0)))).toBe(false);
  expect(comparisonIsRight(cost(users(20, 1), users(20, 5)))).toBe(false);
});
