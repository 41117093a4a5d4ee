import { expect, it } from 'vitest';
import {
  comparisonIsRight,
  costTargets,
  rollbacksAreRight,
  rollbackTargets,
} from '../../../bench/rollout/section.js';
import type { ComparisonCost, UserLatency } from '../../../bench/rollout/comparison-cost.js';
import { QUICK_ROLLOUT } from '../../../bench/rollout/plan.js';
import { rollbackOutcome, type LoadedRequest } from '../../../bench/rollout/rollback-outcome.js';

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
  const reached = (report: ComparisonCost): boolean[] => costTargets(report).map((target) => target.reached);
  expect(reached(cost(users(20, 0), users(22, 5)))).toEqual([true, true]);
  expect(reached(cost(users(20, 0), users(22.1, 5)))).toEqual([false, true]);
  expect(reached(cost(users(20, 0), users(20, 5, 1)))).toEqual([true, false]);
});

it('a run in which nothing was compared, or both services did, says nothing', () => {
  expect(comparisonIsRight(cost(users(20, 0), users(20, 5)))).toBe(true);
  expect(comparisonIsRight(cost(users(20, 0), users(20, 0)))).toBe(false);
  expect(comparisonIsRight(cost(users(20, 1), users(20, 5)))).toBe(false);
});

const request = (sentAt: number, endedAt: number, version: string | null): LoadedRequest => ({
  sentAt,
  endedAt,
  version,
});
const CALL = { canary: 'v2', calledAt: 100, answeredAt: 120 };
const SOUND = [
  request(50, 90, 'v2'),
  request(60, 95, 'v1'),
  request(99, 150, 'v2'),
  request(110, 160, 'v1'),
  request(125, 190, 'v1'),
];

it('a rollback is judged by who answered what was sent after its answer, and when the last of the canary came', () => {
  expect(rollbackOutcome(SOUND, CALL)).toEqual({
    callMs: 20,
    before: 3,
    canaryBefore: 2,
    after: 1,
    canaryAfter: 0,
    inFlight: 1,
    drainedMs: 30,
    failed: 0,
  });
  const judged = (...more: readonly LoadedRequest[]): [boolean[], boolean] => {
    const outcomes = [rollbackOutcome([...SOUND, ...more], CALL)];
    return [rollbackTargets(outcomes).map(({ reached }) => reached), rollbacksAreRight(outcomes)];
  };
  expect(judged()).toEqual([[true, true, true], true]);
  expect(judged(request(121, 130, 'v2'))).toEqual([[false, true, true], false]);
  // Slow is a figure: it says something about the machine too.
  expect(judged(request(80, 221, 'v2'))).toEqual([[true, false, true], true]);
  expect(judged(request(80, 90, null))).toEqual([[true, true, false], false]);
  expect(rollbacksAreRight([rollbackOutcome(SOUND.slice(3), CALL)])).toBe(false);
});
