import { describe, expect, it } from 'vitest';
import { alphaOf } from '../../../../src/rollout/gates/alpha.js';
import { SETTINGS } from '../../../support/gate-evidence.js';
import {
  simulateRollout,
  xorshift,
  type Canary,
  type SimulationResult,
} from '../../../support/rollout-simulation.js';
import {
  failBoundary,
  fixedSampleSize,
  mean,
  quantile,
  stoppingTime,
} from '../../../support/stopping-times.js';

/**
 * Simulated rollouts. The full figure, 2,000 whole ramps with a look at every second, takes a quarter of an hour:
 * `SIMULATION_RUNS=2000 npx vitest run test/e2e/rollout/gates/gates-simulation` measures it. Without that variable
 * there are fewer whole ramps here, and 2,000 of the gate that matters alone, which looks after every pair.
 */
const RUNS = Number(process.env.SIMULATION_RUNS ?? 0);
const SECONDS_OF_RAMP = 12_000;
const MINUTES = 60_000;

const LIMIT = 0.03;
const OPTIMUM = fixedSampleSize(LIMIT, 0.06, 0.01, 0.01);

const rollouts = (runs: number, canary: Canary, seconds: number): SimulationResult[] =>
  Array.from({ length: runs }, (_, seed) => simulateRollout(canary, SETTINGS, xorshift(seed + 1), seconds));

const ended = (results: readonly SimulationResult[], end: SimulationResult['end']): number =>
  results.filter((result) => result.end === end).length;

const report = (name: string, results: readonly SimulationResult[]): void => {
  if (RUNS === 0) return;
  const pairs = results.map((result) => result.pairs);
  const figures = {
    runs: results.length,
    rolledBack: ended(results, 'roll_back'),
    promoted: ended(results, 'promoted'),
    held: ended(results, 'held'),
    pairs: {
      mean: mean(pairs),
      p50: quantile(pairs, 0.5),
      p95: quantile(pairs, 0.95),
      p99: quantile(pairs, 0.99),
    },
    withinTwiceOptimum: pairs.filter((n) => n <= 2 * OPTIMUM).length,
    optimum: OPTIMUM,
    seconds: {
      p50: quantile(
        results.map(({ seconds }) => seconds),
        0.5,
      ),
    },
  };
  process.stdout.write(`${name}: ${JSON.stringify(figures)}\n`);
};

describe('the gate on disagreement, with its part of alpha, looking after every pair', () => {
  const alpha = alphaOf('disagreement', SETTINGS);
  const MOST = 20_000;
  const boundary = failBoundary(LIMIT, alpha, MOST);
  const times = (rate: number, most: number, seed: number): (number | null)[] => {
    const random = xorshift(seed);
    const fails = (k: number, n: number): boolean => k >= (boundary[n] ?? Infinity);
    return Array.from({ length: 2000 }, () => stoppingTime(rate, most, fails, random));
  };

  it('rolls at most 1 % of 2,000 canaries back that disagree on exactly the allowed 3 %', () => {
    expect(times(LIMIT, MOST, 1).filter((time) => time !== null).length).toBeLessThanOrEqual(20);
  });

  it('rolls 99 % of 2,000 back that disagree on 6 %, within twice what a single look at the end would take', () => {
    expect(OPTIMUM).toBeGreaterThan(900);
    const found = times(0.06, 2 * OPTIMUM, 2).filter((time) => time !== null);
    expect(found.length).toBeGreaterThanOrEqual(1980);
    expect(mean(found)).toBeLessThan(0.6 * OPTIMUM);
    expect(quantile(found, 0.95)).toBeLessThan(1.2 * OPTIMUM);
  });
});

describe('a rollout with all gates on, looked at every second', () => {
  it('rolls a canary with 6 % back, as fast as the gate alone', () => {
    const results = rollouts(RUNS === 0 ? 100 : RUNS, { disagreement: 0.06 }, SECONDS_OF_RAMP);
    report('6 %', results);
    expect(
      results.filter(({ end, pairs }) => end === 'roll_back' && pairs <= 2 * OPTIMUM).length / results.length,
    ).toBeGreaterThanOrEqual(RUNS === 0 ? 0.96 : 0.99);
    expect(mean(results.map(({ pairs }) => pairs))).toBeLessThan(0.7 * OPTIMUM);
  }, 600_000);

  it('rolls next to none back that disagree on exactly 3 %', () => {
    const results = rollouts(RUNS === 0 ? 3 : RUNS, { disagreement: LIMIT }, SECONDS_OF_RAMP);
    report('3 %', results);
    // At a true 1 %, two of three are rolled back once in 3,300 tries.
    expect(ended(results, 'roll_back')).toBeLessThanOrEqual(RUNS === 0 ? 1 : 0.01 * RUNS);
  }, 7_200_000);

  it('promotes a good canary at the pace of the plan', () => {
    const results = rollouts(2, { disagreement: 0.005 }, SECONDS_OF_RAMP);
    expect(results.map(({ end, seconds }) => [end, seconds])).toEqual(
      Array.from({ length: 2 }, () => ['promoted', (5 * 30 * MINUTES) / 1000]),
    );
  });

  it.each([
    ['fails twenty times as many requests', { disagreement: 0.005, errorRate: 0.02 }, 1200],
    ['works half as slow again', { disagreement: 0.005, slowdown: 1.5 }, 300],
    ['moves all its flips to one label', { disagreement: 0.029, flipsUp: 1 }, 3600],
  ] as [string, Canary, number][])('rolls one back that %s', (_, canary, withinSeconds) => {
    const results = rollouts(5, canary, withinSeconds);
    expect(ended(results, 'roll_back')).toBe(5);
  });
});
