/** Two-sided 95 % of the standard normal distribution. */
export const Z_95 = 1.959963984540054;

/** Both bounds of an interval. */
export type Interval = readonly [low: number, high: number];

/**
 * Wilson's score interval for `k` of `n` (Wilson 1927, J. Am. Stat. Assoc. 22).
 * @returns bounds of the share, 0 to 1; [0, 1] when n is 0
 */
export function wilsonInterval(k: number, n: number, z = Z_95): Interval {
  if (n === 0) return [0, 1];
  const share = k / n;
  const square = (z * z) / n;
  const centre = (share + square / 2) / (1 + square);
  const half = ((z / (1 + square)) * Math.sqrt(share * (1 - share) + square / 4)) / Math.sqrt(n);
  // At 0 and n of n one bound is exact, and a rounding error must not lead past it.
  return [k === 0 ? 0 : centre - half, k === n ? 1 : centre + half];
}
