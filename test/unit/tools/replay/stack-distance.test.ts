import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HitCurve, roundSizes, spacedSizes } from '../../../../src/tools/replay/hit-curve.js';
import { stackDistances } from '../../../../src/tools/replay/stack-distance.js';

/** Which requests an LRU cache of so many entries answers, by simulating it: a Map keeps the order of insertion. */
function simulateLru(keys: readonly number[], entries: number): boolean[] {
  const cache = new Map<number, true>();
  return keys.map((key) => {
    const hit = cache.delete(key);
    cache.set(key, true);
    if (cache.size > entries) cache.delete([...cache.keys()][0] ?? -1);
    return hit;
  });
}

/** Few keys, so that they come again; sizes on both sides of their number. */
const traces = fc.array(fc.nat({ max: 12 }), { maxLength: 200 });

describe('stack distances', () => {
  it('count the different keys since the same key came', () => {
    expect([...stackDistances([7, 7, 8, 9, 8, 7, 9, 9])]).toEqual([0, 1, 0, 0, 2, 3, 3, 1]);
    expect([...stackDistances([])]).toEqual([]);
  });

  it('say of every request and every size what an LRU cache does', () => {
    fc.assert(
      fc.property(traces, fc.integer({ min: 1, max: 14 }), (keys, entries) => {
        const distances = [...stackDistances(keys)];
        expect(distances.map((distance) => distance > 0 && distance <= entries)).toEqual(
          simulateLru(keys, entries),
        );
      }),
    );
  });
});

describe('the hit curve', () => {
  it('has at each size the hit rate of an LRU cache of that size', () => {
    fc.assert(
      fc.property(traces, fc.integer({ min: 1, max: 14 }), (keys, entries) => {
        const curve = new HitCurve(stackDistances(keys));
        const hits = simulateLru(keys, entries).filter(Boolean).length;
        expect(curve.hitRate(entries)).toBe(keys.length === 0 ? 0 : hits / keys.length);
        expect(curve.distinct).toBe(new Set(keys).size);
      }),
    );
  });

  it('finds the smallest size within a share of the maximum', () => {
    fc.assert(
      fc.property(traces, fc.integer({ min: 0, max: 30 }), (keys, points) => {
        const curve = new HitCurve(stackDistances(keys));
        const size = curve.smallestWithin(points / 100);
        const enough = (entries: number): boolean =>
          curve.hitRate(entries) >= curve.maximum - points / 100 - 1e-9;
        expect(enough(size)).toBe(true);
        if (size > 0) expect(enough(size - 1)).toBe(false);
      }),
    );
  });

  it('is 0 without entries, and flat behind the last text', () => {
    const curve = new HitCurve(stackDistances([1, 2, 1, 2]));
    expect([-1, 0, 1, 2, 3, 1e9].map((entries) => curve.hitRate(entries))).toEqual([0, 0, 0, 0.5, 0.5, 0.5]);
    expect(curve.maximum).toBe(0.5);
  });
});

describe('sizes to show', () => {
  it('are round, and the largest', () => {
    expect(roundSizes(1)).toEqual([1]);
    expect(roundSizes(50)).toEqual([1, 2, 5, 10, 20, 50]);
    expect(roundSizes(137)).toEqual([1, 2, 5, 10, 20, 50, 100, 137]);
  });

  it('are spaced evenly on a logarithmic axis, whole, and each once', () => {
    expect(spacedSizes(1000, 4)).toEqual([1, 10, 100, 1000]);
    const many = spacedSizes(50, 160);
    expect(many).toEqual([...new Set(many)].sort((a, b) => a - b));
    expect([many[0], many.at(-1)]).toEqual([1, 50]);
    expect(spacedSizes(1, 160)).toEqual([1]);
  });
});
