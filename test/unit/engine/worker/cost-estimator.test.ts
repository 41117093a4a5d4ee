import { describe, expect, it } from 'vitest';
import { CostEstimator } from '../../../../src/engine/worker/cost-estimator.js';
import { predictMs, type CostSample } from '../../../../src/engine/protocol/cost-model.js';
import type { CostCoefficients } from '../../../../src/engine/protocol/protocol.js';

const QUIET: CostCoefficients = { fixedMs: 0.4, perTokenMs: 0.02, perTokenSquaredMs: 0.0001 };
const BUSY: CostCoefficients = { fixedMs: 1.2, perTokenMs: 0.06, perTokenSquaredMs: 0.0003 };

const sample = (cost: CostCoefficients, rows: number, length: number): CostSample => ({
  rows,
  length,
  ms: predictMs(cost, rows, length),
});

const warmUp = [sample(QUIET, 1, 8), sample(QUIET, 8, 32), sample(QUIET, 1, 256), sample(QUIET, 4, 64)];

/** Runs as traffic brings them, `count` of them. */
const run = (estimator: CostEstimator, cost: CostCoefficients, count: number): void => {
  for (let i = 0; i < count; i++) estimator.add(sample(cost, 1 + (i % 12), 6 + ((i * 7) % 50)));
};

describe('CostEstimator', () => {
  it('begins with what the warm-up cost', () => {
    expect(new CostEstimator(warmUp).cost.perTokenMs).toBeCloseTo(QUIET.perTokenMs, 6);
  });

  it('follows the traffic when the cores get busy, and comes back when they are quiet again', () => {
    const estimator = new CostEstimator(warmUp);
    run(estimator, BUSY, 400);
    expect(predictMs(estimator.cost, 8, 32) / predictMs(BUSY, 8, 32)).toBeCloseTo(1, 0);
    run(estimator, QUIET, 400);
    expect(predictMs(estimator.cost, 8, 32) / predictMs(QUIET, 8, 32)).toBeCloseTo(1, 2);
  });

  it('hardly moves for one run that was held up', () => {
    const estimator = new CostEstimator(warmUp);
    run(estimator, QUIET, 31);
    estimator.add({ rows: 8, length: 32, ms: 100 * predictMs(QUIET, 8, 32) });
    expect(predictMs(estimator.cost, 8, 32) / predictMs(QUIET, 8, 32)).toBeCloseTo(1, 1);
  });
});
