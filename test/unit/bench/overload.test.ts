import { expect, it } from 'vitest';
import { readOptions } from '../../../bench/options.js';
import type { Fairness } from '../../../bench/overload/fairness.js';
import type { Goodput } from '../../../bench/overload/goodput.js';
import { QUICK_OVERLOAD } from '../../../bench/overload/plan.js';
import { fairnessTargets, goodputTargets, overloadIsRight } from '../../../bench/overload/section.js';

const CORES = { generatorCores: 0.1, mainCores: 0.3, workerCores: 1.5 };

const goodput = (
  okPerS: number,
  { refusedPerS = 200, expiredPerS = 0, liveP99Ms = 20, busy = false } = {},
): Goodput => ({
  version: 'v1',
  busy,
  peak: { okPerS: 100, refusedPerS: 0, expiredPerS: 0, otherPerS: 0, ...CORES },
  overload: { okPerS, refusedPerS, expiredPerS, otherPerS: 0, ...CORES },
  live: { probes: 100, failed: 0, p50Ms: 2, p99Ms: liveP99Ms, maxMs: liveP99Ms },
});

const fairness = (p99Ms: number, failed = 0): Fairness => {
  const latency = { requests: 100, failed: 0, p50Ms: 5, p99Ms: 20 };
  return {
    perSecond: 50,
    equal: latency,
    besideGreedy: { ...latency, p99Ms, failed },
    greedyTextsPerS: 40,
    longestRunMs: 10,
  };
};

const reached = (result: Goodput): boolean[] => goodputTargets([result]).map((target) => target.reached);

it('nine tenths of the peak are wanted, one expired request in a hundred, and a live probe', () => {
  expect(reached(goodput(90))).toEqual([true, true, true]);
  expect(reached(goodput(89))).toEqual([false, true, true]);
  expect(reached(goodput(99, { expiredPerS: 1 }))).toEqual([true, true, true]);
  expect(reached(goodput(98, { expiredPerS: 2 }))).toEqual([true, false, true]);
  expect(reached(goodput(90, { liveP99Ms: 101 }))).toEqual([true, true, false]);
  expect(reached(goodput(90, { liveP99Ms: 299, busy: true }))).toEqual([true, true, true]);
});

it('short texts may wait twice as long beside a greedy client, and a run more', () => {
  expect(fairnessTargets(fairness(50)).map((target) => target.reached)).toEqual([true, true]);
  expect(fairnessTargets(fairness(51)).map((target) => target.reached)).toEqual([false, true]);
  expect(fairnessTargets(fairness(50, 1)).map((target) => target.reached)).toEqual([true, false]);
});

it('a load that refused nothing was no overload', () => {
  expect(overloadIsRight([goodput(90)], fairness(20))).toBe(true);
  expect(overloadIsRight([goodput(90, { refusedPerS: 0 })], fairness(20))).toBe(false);
});

it('is a part of its own', () => {
  expect(readOptions(['--overload', '--quick'])?.overload).toEqual(QUICK_OVERLOAD);
});
