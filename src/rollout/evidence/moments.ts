/**
 * Values of an unbounded figure: enough for its mean and variance. They are told from an origin, the first value that
 * came: where values are large and lie close together (times, amounts in cents), the squares of the values themselves
 * would have no digit left for how far apart they are.
 */
export interface Moments {
  count: number;
  origin: number;
  /** Of the values less the origin, and of the squares of that. */
  sum: number;
  sumOfSquares: number;
}

/** Of a sum of squares, what rounding may have taken from it or added to it. */
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
 * Both as one, in any order. The origin is the one that is closer to 0: moments of an older release are told from 0
 * itself, the digits that they have lost do not come back, and {@link varianceOf} must see that.
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

/** The mean of `a` less that of `b`; null when one of them has no value. Large means that are close lose no digits. */
export const meanDifference = (a: Moments, b: Moments): number | null =>
  a.count === 0 || b.count === 0 ? null : a.origin - b.origin + (a.sum / a.count - b.sum / b.count);

/** Never less than the values have: where rounding may have hidden it, the most that it can have hidden. */
export function varianceOf({ count, sum, sumOfSquares }: Moments): number {
  if (count === 0) return 0;
  const square = sumOfSquares / count;
  return Math.max(0, square - (sum / count) ** 2) + ROUNDING * square;
}
