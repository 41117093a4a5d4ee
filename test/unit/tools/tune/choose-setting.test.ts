import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  choose,
  dominates,
  frontier,
  mean,
  noiseOf,
  rateWithin,
  tieMargin,
} from '../../../../src/tools/tune/choose-setting.js';
import { GRID, measured, pointOf } from './points.js';

const MANIFEST_POINT = pointOf(2, 1, 192);
const OTHER = pointOf(2, 1, 256, 'no fusions');

describe('noise', () => {
  it('is pooled over the points, as a share of each mean', () => {
    const slow = measured(MANIFEST_POINT, [90, 110]);
    const fast = measured(OTHER, [900, 1100]);
    expect(noiseOf([slow, fast])).toBeCloseTo(Math.sqrt(0.02), 10);
    expect(noiseOf([measured(MANIFEST_POINT, [1])])).toBeNull();
  });

  it('makes a margin between 1 and 3 per cent', () => {
    expect(tieMargin([measured(OTHER, [100, 100, 100])])).toBe(0.01);
    expect(tieMargin([measured(OTHER, [100, 101, 102])])).toBeCloseTo(2 * 0.0099 * Math.sqrt(2 / 3), 4);
    expect(tieMargin([measured(OTHER, [50, 100, 150])])).toBe(0.03);
    expect(tieMargin([measured(OTHER, [100])])).toBe(0.03);
  });
});

describe('the choice', () => {
  it('is the fastest when it is so beyond noise', () => {
    const [simple, fast] = [measured(MANIFEST_POINT, [100, 100]), measured(OTHER, [110, 110])];
    const { chosen, ties } = choose([simple, fast], null);
    expect(chosen).toBe(fast);
    expect(ties).toEqual([fast]);
  });

  it('is the simplest of those that do not differ beyond noise', () => {
    const [simple, fast] = [measured(MANIFEST_POINT, [99, 101]), measured(OTHER, [100, 102])];
    const { chosen, ties } = choose([fast, simple], null);
    expect(chosen).toBe(simple);
    expect(ties).toHaveLength(2);
  });

  it('is not a simple one that makes users wait', () => {
    const slow = measured(MANIFEST_POINT, [100, 100], [10, 30]);
    const quick = measured(OTHER, [100, 100], [10, 20]);
    expect(choose([slow, quick], null).chosen).toBe(quick);
    const unsustained = measured(MANIFEST_POINT, [100, 100], [10, null]);
    expect(choose([unsustained, quick], null).chosen).toBe(quick);
  });

  it('with an SLO is the one that keeps it at the highest rate', () => {
    const big = measured(OTHER, [500, 500], [30, 60, 90]);
    const small = measured(MANIFEST_POINT, [220, 220], [10, 20, null]);
    expect(choose([big, small], 30).chosen).toBe(small);
    expect(choose([big, small], 90).chosen).toBe(big);
  });

  it('with an SLO that nothing keeps is the fastest', () => {
    const big = measured(OTHER, [500, 500], [30, 60]);
    expect(choose([big, measured(MANIFEST_POINT, [300, 300], [10, 20])], 5).chosen).toBe(big);
  });

  it('interpolates the rate that an SLO lets through', () => {
    const { rungs } = measured(OTHER, [1], [10, 20, 40, null]);
    expect(rateWithin({ rungs }, 30)).toBe(250);
    expect(rateWithin({ rungs }, 9)).toBe(0);
    expect(rateWithin({ rungs }, 1000)).toBe(300);
    expect(rateWithin({ rungs: [] }, 1000)).toBe(0);
  });
});

describe('the frontier', () => {
  it('leaves out what another point beats in both', () => {
    const [a, b, c] = [
      measured(pointOf(2, 1, 64), [100, 100], [5, 10]),
      measured(pointOf(2, 1, 128), [200, 200], [5, 30]),
      measured(pointOf(1, 2, 64), [90, 90], [5, 40]),
    ];
    const all = [a, b, c];
    expect(frontier(all, choose(all, null))).toEqual([a, b]);
  });

  it('always holds the choice', () => {
    const p95 = fc.option(fc.double({ min: 1, max: 1000, noNaN: true }));
    const finalist = fc.record({
      point: fc.constantFrom(...GRID),
      ratesPerS: fc.array(fc.double({ min: 1, max: 5000, noNaN: true }), { minLength: 1, maxLength: 3 }),
      p95s: fc.array(p95, { maxLength: 4 }),
    });
    const closeRates = finalist.map((entry) => ({
      ...entry,
      ratesPerS: entry.ratesPerS.map((rate) => 1000 + rate / 100),
    }));
    const all = fc.array(fc.oneof(finalist, closeRates), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(all, fc.option(fc.integer({ min: 1, max: 500 })), (entries, sloP95Ms) => {
        const points = entries.map(({ point, ratesPerS, p95s }) => measured(point, ratesPerS, p95s));
        const choice = choose(points, sloP95Ms);
        expect(points.filter((other) => dominates(other, choice.chosen, choice))).toEqual([]);
        expect(frontier(points, choice)).toContain(choice.chosen);
        const best = Math.max(...points.map((entry) => choice.valueOf(entry)));
        expect(choice.valueOf(choice.chosen)).toBeGreaterThanOrEqual(0.97 * best);
        if (sloP95Ms === null) expect(choice.valueOf(choice.chosen)).toBe(mean(choice.chosen.ratesPerS));
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
