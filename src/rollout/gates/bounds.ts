import { logWealth, type Tally } from './wealth.js';

/** A confidence sequence at one moment: each side holds at all moments together with probability 1 − α. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

const HALVINGS = 40;

export const sizeOf = (tally: Tally): number => tally.reduce((n, [, count]) => n + count, 0);

/** Average of a tally; 0 for an empty one. */
export const meanOf = (tally: Tally): number => {
  const n = sizeOf(tally);
  return n === 0 ? 0 : tally.reduce((sum, [value, count]) => sum + value * (count / n), 0);
};

/** The tally of `k` ones and `n − k` zeros. */
export const rateTally = (k: number, n: number): Tally => [
  [1, k],
  [0, n - k],
];

/** The tally of `most − value`, to bet on a low mean. */
const mirrored = (tally: Tally, most: number): Tally =>
  tally.map(([value, count]) => [most - value, count] as const);

/**
 * Whether the tally proves at level α that the true mean is above `mean`; valid at every moment. By Jensen's inequality
 * no bet wins while the average is at most `mean`, so the wealth need not be computed then.
 */
export function provesAbove(tally: Tally, mean: number, alpha: number): boolean {
  const observed = meanOf(tally);
  if (observed <= mean) return false;
  // With `mean` 0 every positive value is impossible, so a single one is a proof; the finite bets would not show it.
  return mean <= 0 || logWealth(tally, mean) >= -Math.log(alpha);
}

/** Whether the tally proves that the true mean is below `mean`; no value may exceed `most`. */
export function provesBelow(tally: Tally, mean: number, most: number, alpha: number): boolean {
  return provesAbove(mirrored(tally, most), most - mean, alpha);
}

/** The highest mean that the tally proves to be too low; 0 when there is none. */
export function lowerBound(tally: Tally, alpha: number): number {
  let low = 0;
  let high = meanOf(tally);
  if (high <= 0) return 0;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    if (provesAbove(tally, middle, alpha)) low = middle;
    else high = middle;
  }
  return low;
}

/** The lowest mean that the tally proves to be too high; `most` when there is none. */
export function upperBound(tally: Tally, most: number, alpha: number): number {
  return most - lowerBound(mirrored(tally, most), alpha);
}

/**
 * Both bounds: they enclose the means that the wealth does not reject (Howard, Ramdas, McAuliffe & Sekhon 2021,
 * "Time-uniform, nonparametric, nonasymptotic confidence sequences").
 */
export const boundsOf = (tally: Tally, most: number, alpha: number): Bounds => ({
  lower: lowerBound(tally, alpha),
  upper: upperBound(tally, most, alpha),
});
