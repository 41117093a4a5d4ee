import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCost, predictMs } from '../../../../src/engine/protocol/cost-model.js';

const SHAPES = [
  [1, 4],
  [1, 32],
  [1, 256],
  [8, 32],
  [16, 16],
  [4, 64],
] as const;

const samplesOf = (cost: Parameters<typeof predictMs>[0]): { rows: number; length: number; ms: number }[] =>
  SHAPES.map(([rows, length]) => ({ rows, length, ms: predictMs(cost, rows, length) }));

describe('fitCost', () => {
  it('finds the coefficients that made the times', () => {
    const coefficient = (max: number): fc.Arbitrary<number> =>
      fc.double({ min: max / 100, max, noNaN: true });
    fc.assert(
      fc.property(
        coefficient(1),
        coefficient(0.1),
        coefficient(0.001),
        (fixedMs, perTokenMs, perTokenSquaredMs) => {
          const fitted = fitCost(samplesOf({ fixedMs, perTokenMs, perTokenSquaredMs }));
          expect(fitted.fixedMs).toBeCloseTo(fixedMs, 6);
          expect(fitted.perTokenMs).toBeCloseTo(perTokenMs, 7);
          expect(fitted.perTokenSquaredMs).toBeCloseTo(perTokenSquaredMs, 9);
        },
      ),
    );
  });

  it('never answers a negative coefficient, however noisy the times', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.1, max: 50, noNaN: true }), { minLength: 6, maxLength: 6 }),
        (times) => {
          const cost = fitCost(SHAPES.map(([rows, length], i) => ({ rows, length, ms: times[i] ?? 1 })));
          for (const coefficient of Object.values(cost) as number[]) {
            expect(coefficient).toBeGreaterThanOrEqual(0);
            expect(Number.isFinite(coefficient)).toBe(true);
          }
          expect(predictMs(cost, 1, 16)).toBeGreaterThan(0);
        },
      ),
    );
  });

  it('refuses to fit three coefficients to two times', () => {
    expect(() => fitCost(samplesOf({ fixedMs: 1, perTokenMs: 1, perTokenSquaredMs: 1 }).slice(0, 2))).toThrow(
      RangeError,
    );
  });
});
