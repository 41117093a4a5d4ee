/**
 * Sums over the values of an unbounded figure, from which its mean and variance are computed. They are relative to an
 * origin, which is the first value. Without an origin, the squares of large values that are close together (times,
 * amounts in cents) would have too few digits to show their differences.
 */
export interface Moments {
  count: number;
  origin: number;
  /** Sum of the differences from the origin, and of their squares. */
  sum: number;
  sumOfSquares: number;
}

/** Relative rounding error of a sum of squares. */
const ROUNDING = 1e-12;

export const noMoments = (): Moments => ({ count: 0, origin: 0, sum: 0, sumOfSquares: 0 });

/** Counts one value. */
export function addMoment(moments: Moments, value: number): void {
  if (moments.count === 0) moments.origin = value;
  const distance = value - moments.origin;
  moments.count++;
  moments.sum += distance;
  moments.sumOfSquares += distance * distance;
}

function toldFrom(origin: number, { count, origin: own, sum, sumOfSquares }: Moments): Moments {
  const shift = own - origin;
  if (shift === 0) return { count, origin, sum, sumOfSquares };
  return {
    count,
    origin,
    sum: sum + count * shift,
    sumOfSquares: sumOfSquares + shift * (2 * sum + count * shift),
  };
}

/**
 * Merges both, in any order. The origin closer to 0 is kept: moments of an older release have the origin 0 and have
 * lost digits, and {@link varianceOf} must account for that.
 */
export function mergeMoments(own: Moments, other: Moments): Moments {
  if (other.count === 0) return { ...own };
  if (own.count === 0) return { ...other };
  const [a, b] = [own.origin, other.origin];
  const origin = Math.abs(a) === Math.abs(b) ? Math.min(a, b) : Math.abs(a) < Math.abs(b) ? a : b;
  const [first, second] = [toldFrom(origin, own), toldFrom(origin, other)];
  return {
    count: first.count + second.count,
    origin,
    sum: first.sum + second.sum,
    sumOfSquares: first.sumOfSquares + second.sumOfSquares,
  };
}

/** Null when there is no value. */
export const meanOf = ({ count, origin, sum }: Moments): number | null =>
  count === 0 ? null : origin + sum / count;

/**
 * The mean of `a` minus the mean of `b`; null when one of them has no value. The origins are subtracted first, so that
 * large, close means lose no digits.
 */
export const meanDifference = (a: Moments, b: Moments): number | null =>
  a.count === 0 || b.count === 0 ? null : a.origin - b.origin + (a.sum / a.count - b.sum / b.count);

/** The variance, never below the true one: the largest possible rounding error is added. */
export function varianceOf({ count, sum, sumOfSquares }: Moments): number {
  if (count === 0) return 0;
  const square = sumOfSquares / count;
  return Math.max(0, square - (sum / count) ** 2) + ROUNDING * square;
}
