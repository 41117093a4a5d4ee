import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { percentile, percentileOf, summarize } from '../../../../src/base/statistics/quantiles.js';

describe('percentiles', () => {
  it('are by nearest rank of values in any order', () => {
    const values = [5, 1, 4, 2, 3];
    expect([0, 0.5, 0.95, 1].map((share) => percentileOf(values, share))).toEqual([1, 3, 5, 5]);
    expect(values[0]).toBe(5);
  });

  it('are by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(summarize(hundred)).toEqual({ requests: 100, p50_ms: 50, p95_ms: 95, p99_ms: 99, max_ms: 100 });
    expect(summarize([3])).toEqual({ requests: 1, p50_ms: 3, p95_ms: 3, p99_ms: 3, max_ms: 3 });
    expect(summarize([1, 2])).toMatchObject({ p50_ms: 1, p95_ms: 2 });
    expect(summarize([])).toBeNull();
  });

  it('sort numbers as numbers', () => {
    expect(summarize([10, 9, 100])).toMatchObject({ p50_ms: 10, max_ms: 100 });
  });

  it('are a value that as many values do not exceed, and the smallest such', () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 });
    fc.assert(
      fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (unsorted, q) => {
        const found = percentile(Float64Array.from(unsorted).sort(), q);
        const share = (limit: (value: number) => boolean): number =>
          unsorted.filter(limit).length / unsorted.length;
        expect(share((value) => value <= found)).toBeGreaterThanOrEqual(q - 1e-12);
        expect(share((value) => value < found)).toBeLessThan(q);
      }),
    );
  });
});
