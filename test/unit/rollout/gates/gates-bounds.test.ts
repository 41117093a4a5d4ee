import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  boundsOf,
  lowerBound,
  provesAbove,
  provesBelow,
  rateTally,
  upperBound,
} from '../../../../src/rollout/gates/bounds.js';
import { differenceView } from '../../../../src/rollout/gates/difference-view.js';
import { kpiView } from '../../../../src/rollout/gates/kpi-view.js';
import { signedView } from '../../../../src/rollout/gates/view.js';
import { addMoment, noMoments, type Moments } from '../../../../src/rollout/evidence/moments.js';
import { logWealth, type Tally } from '../../../../src/rollout/gates/wealth.js';
import { xorshift } from '../../../support/rollout-simulation.js';
import { binomialTail, failBoundary, stoppingTime } from '../../../support/stopping-times.js';

const ALPHA = 0.005;
const rates = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const counts = fc
  .tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 5000 }))
  .map(([k, rest]) => ({ k, n: k + rest }));

/** Expected wealth after n samples of 0 and 1, exactly. */
const expectedWealth = (n: number, truth: number, mean: number): number => {
  const tail = binomialTail(n, truth);
  let sum = 0;
  for (let k = 0; k <= n; k++) {
    sum += ((tail[k] ?? 0) - (tail[k + 1] ?? 0)) * Math.exp(logWealth(rateTally(k, n), mean));
  }
  return sum;
};

describe('the wealth of a bet on a higher mean', () => {
  it('is 1 on average at the mean itself, for any number of samples: the bet is fair', () => {
    for (const mean of [0.005, 0.03, 0.5]) {
      for (const n of [1, 2, 10, 60]) expect(expectedWealth(n, mean, mean)).toBeCloseTo(1, 6);
    }
  });

  it('is at most 1 on average below the mean, and grows above it', () => {
    fc.assert(
      fc.property(rates, rates, fc.integer({ min: 1, max: 30 }), (truth, mean, n) => {
        const wealth = expectedWealth(n, truth, mean);
        expect(truth <= mean ? wealth <= 1 + 1e-9 : wealth >= 1 - 1e-9).toBe(true);
      }),
    );
  });

  it('is fair for values other than 0 and 1 too', () => {
    // Two throws of −1, 0, +1 (as 0, 1, 2) with probabilities 0.2, 0.5, 0.3: the mean of 1 + x is 1.1.
    const chances = [0.2, 0.5, 0.3];
    let sum = 0;
    for (const [a, first] of chances.entries()) {
      for (const [b, second] of chances.entries()) {
        const tally: Tally = [0, 1, 2].map((value) => [value, +(a === value) + +(b === value)]);
        sum += first * second * Math.exp(logWealth(tally, 1.1));
      }
    }
    expect(sum).toBeCloseTo(1, 9);
  });

  it('falls as the mean rises, and rises with each yes in place of a no', () => {
    fc.assert(
      fc.property(counts, rates, rates, ({ k, n }, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(logWealth(rateTally(k, n), high)).toBeLessThanOrEqual(logWealth(rateTally(k, n), low) + 1e-9);
        if (k < n) {
          expect(logWealth(rateTally(k + 1, n), a)).toBeGreaterThanOrEqual(logWealth(rateTally(k, n), a));
        }
      }),
    );
  });
});

describe('a confidence sequence', () => {
  it('contains what was observed, and lies between 0 and 1', () => {
    fc.assert(
      fc.property(counts, ({ k, n }) => {
        const { lower, upper } = boundsOf(rateTally(k, n), 1, ALPHA);
        const observed = n === 0 ? 0 : k / n;
        expect(lower >= 0 && lower <= observed && observed <= upper + 1e-9 && upper <= 1).toBe(true);
      }),
    );
  });

  it('is the other face of the proof: beyond a bound everything is proven, within it nothing', () => {
    fc.assert(
      fc.property(counts, fc.double({ min: 0.0001, max: 0.01, noNaN: true }), ({ k, n }, step) => {
        const tally = rateTally(k, n);
        const { lower, upper } = boundsOf(tally, 1, ALPHA);
        expect(provesAbove(tally, lower + step, ALPHA)).toBe(false);
        expect(provesBelow(tally, upper - step, 1, ALPHA)).toBe(false);
        if (lower > step) expect(provesAbove(tally, lower - step, ALPHA)).toBe(true);
        if (upper < 1 - step) expect(provesBelow(tally, upper + step, 1, ALPHA)).toBe(true);
      }),
    );
  });

  it('rises with each yes, and narrows with ten times the data at the same rate', () => {
    fc.assert(
      fc.property(counts, ({ k, n }) => {
        const one = boundsOf(rateTally(k, n), 1, ALPHA);
        const more = boundsOf(rateTally(k + 1, n + 1), 1, ALPHA);
        expect(more.lower >= one.lower - 1e-9 && more.upper >= one.upper - 1e-9).toBe(true);
        const ten = boundsOf(rateTally(10 * k, 10 * n), 1, ALPHA);
        expect(ten.upper - ten.lower).toBeLessThanOrEqual(one.upper - one.lower + 1e-9);
      }),
    );
  });

  it('has numbers for no samples and for a trillion', () => {
    expect(boundsOf(rateTally(0, 0), 1, ALPHA)).toEqual({ lower: 0, upper: 1 });
    for (const k of [0, 3e10, 1e12]) {
      const { lower, upper } = boundsOf(rateTally(k, 1e12), 1, ALPHA);
      expect(lower).toBeGreaterThanOrEqual(k / 1e12 - 1e-4);
      expect(upper).toBeLessThanOrEqual(k / 1e12 + 1e-4);
    }
  });

  it('takes one yes as proof that a rate is not 0', () => {
    expect(provesAbove(rateTally(1, 1000), 0, ALPHA)).toBe(true);
    expect(provesAbove(rateTally(0, 1000), 0, ALPHA)).toBe(false);
  });

  it.each([0.001, 0.03, 0.4, 0.97])(
    'misses the true rate %d in no more of 2,000 rows of looks than promised, on either side',
    (rate) => {
      const random = xorshift(7);
      const most = 1500;
      // Mirrored, the upper side is a lower one.
      for (const p of [rate, 1 - rate]) {
        const boundary = failBoundary(p, 0.05, most);
        let missed = 0;
        for (let run = 0; run < 2000; run++) {
          const stopped = stoppingTime(p, most, (k, n) => k >= (boundary[n] ?? Infinity), random);
          if (stopped !== null) missed++;
        }
        // P(more than 130 of 2,000 at a true 5 %) is 0.001.
        expect(missed).toBeLessThanOrEqual(130);
      }
    },
  );

  it('holds for a mean of −1, 0 and +1, and knows more the fewer are not 0', () => {
    const few = signedView('', 30, 10, 10_000, ALPHA);
    const many = signedView('', 4020, 4000, 10_000, ALPHA);
    expect(few.observed).toBeCloseTo(0.002);
    expect(many.observed).toBeCloseTo(0.002);
    const width = ({ lower, upper }: { lower: number; upper: number }): number => upper - lower;
    expect(width(few.bounds()) * 5).toBeLessThan(width(many.bounds()));
    expect(few.bounds().lower).toBeLessThan(0.002);
    expect(few.bounds().upper).toBeGreaterThan(0.002);
    // Twice the standard error, 0.0013, and more: the price of looking all the time.
    expect(few.bounds().upper).toBeLessThan(0.006);
  });

  it('holds for the difference of two rates, of which neither is known', () => {
    const random = xorshift(13);
    let missed = 0;
    for (let run = 0; run < 400; run++) {
      const [canary, stable] = [
        { k: 0, n: 0 },
        { k: 0, n: 0 },
      ];
      let wrong = false;
      for (let i = 1; i <= 600 && !wrong; i++) {
        if (random() < 0.08) canary.k++;
        if (random() < 0.05) stable.k++;
        canary.n = stable.n = i;
        wrong = i % 25 === 0 && differenceView('', canary, stable, 0.1).provesAbove(0.03);
      }
      if (wrong) missed++;
    }
    // P(more than 58 of 400 at a true 10 %) is 0.002.
    expect(missed).toBeLessThanOrEqual(58);
    const [higher, lower] = [
      { k: 1600, n: 10_000 },
      { k: 500, n: 10_000 },
    ];
    const { lower: low, upper: high } = differenceView('', higher, lower, ALPHA).bounds();
    expect(low > 0.08 && low < 0.11 && high > 0.11 && high < 0.14).toBe(true);
  });

  it('has the same bounds one by one as together', () => {
    const tally = rateTally(12, 345);
    expect(boundsOf(tally, 1, ALPHA)).toEqual({
      lower: lowerBound(tally, ALPHA),
      upper: upperBound(tally, 1, ALPHA),
    });
  });
});

describe('the sequence for a kpi', () => {
  const moments = (values: readonly number[]): Moments => {
    const result = noMoments();
    for (const value of values) addMoment(result, value);
    return result;
  };

  it('misses a difference of 0 in no more of 500 rows of looks than promised', () => {
    const random = xorshift(11);
    let missed = 0;
    for (let run = 0; run < 500; run++) {
      const [canary, stable] = [moments([]), moments([])];
      for (let n = 1; n <= 1000; n++) {
        for (const side of [canary, stable]) {
          const value = random() < 0.9 ? 0 : 30 * random();
          addMoment(side, value);
        }
        if (kpiView('', canary, stable, 0.05).provesAbove(0)) {
          missed++;
          break;
        }
      }
    }
    // P(more than 40 of 500 at a true 5 %) is 0.002.
    expect(missed).toBeLessThanOrEqual(40);
  });

  it('finds a drop, and proves nothing from a hundred zeros', () => {
    const stable = moments(Array.from({ length: 2000 }, (_, i) => i % 10));
    const canary = moments(Array.from({ length: 2000 }, (_, i) => (i % 10) * 0.6));
    expect(kpiView('', canary, stable, ALPHA).provesAbove(0.5)).toBe(true);
    expect(kpiView('', stable, stable, ALPHA).provesBelow(0.7)).toBe(true);
    const zeros = moments(Array.from({ length: 100 }, () => 0));
    const rare = moments(Array.from({ length: 10_000 }, (_, i) => (i % 200 === 0 ? 10 : 0)));
    expect(kpiView('', zeros, rare, ALPHA).provesAbove(0.01)).toBe(false);
    expect(kpiView('', moments([1]), moments([]), ALPHA).bounds()).toEqual({
      lower: -Infinity,
      upper: Infinity,
    });
  });
});
