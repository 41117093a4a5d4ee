/** A range of counts, both ends included. */
export interface CountRange {
  readonly low: number;
  readonly high: number;
}

/**
 * Where the number of successes in `n` trials lies with at least this confidence, by the binomial distribution itself:
 * each tail outside has a probability of at most (1 − confidence) / 2.
 * @param p 0 to 1
 */
export function binomialRange(n: number, p: number, confidence: number): CountRange {
  if (n === 0 || p <= 0) return { low: 0, high: 0 };
  if (p >= 1) return { low: n, high: n };
  const tail = (1 - confidence) / 2;
  return { low: lowestOf(n, p, tail), high: n - lowestOf(n, 1 - p, tail) };
}

/** The smallest count k with P(X ≤ k) > tail: less than that would be too unlikely. */
function lowestOf(n: number, p: number, tail: number): number {
  // In logarithms: (1 − p)^n underflows for the numbers of keys of a long drill.
  let logMass = n * Math.log1p(-p);
  const logOdds = Math.log(p) - Math.log1p(-p);
  let cumulative = 0;
  for (let k = 0; k <= n; k++) {
    cumulative += Math.exp(logMass);
    if (cumulative > tail) return k;
    logMass += Math.log((n - k) / (k + 1)) + logOdds;
  }
  return n;
}
