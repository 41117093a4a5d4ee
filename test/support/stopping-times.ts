import { provesAbove, provesBelow, rateTally } from '../../src/rollout/gates/bounds.js';

/** Least k, by n from 0 to `most`, at which k of n prove a rate above the limit; n + 1 where none does. */
export function failBoundary(limit: number, alpha: number, most: number): Int32Array {
  const boundary = new Int32Array(most + 1);
  let k = 0;
  for (let n = 0; n <= most; n++) {
    while (k <= n && !provesAbove(rateTally(k, n), limit, alpha)) k++;
    boundary[n] = k;
  }
  return boundary;
}

/** Largest k at which k of n prove a rate below the limit; −1 where none does. */
export function passBoundary(limit: number, alpha: number, most: number): Int32Array {
  const boundary = new Int32Array(most + 1);
  let k = -1;
  for (let n = 0; n <= most; n++) {
    while (provesBelow(rateTally(k + 1, n), limit, 1, alpha)) k++;
    boundary[n] = k;
  }
  return boundary;
}

/**
 * Looks after every sample of a Bernoulli sequence.
 * @returns the first n at which `stops`, or null within `most`
 */
export function stoppingTime(
  rate: number,
  most: number,
  stops: (k: number, n: number) => boolean,
  random: () => number,
): number | null {
  let k = 0;
  for (let n = 1; n <= most; n++) {
    if (random() < rate) k++;
    if (stops(k, n)) return n;
  }
  return null;
}

/** Value at the share q of a list, by nearest rank. */
export const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)] ?? NaN;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** log n! of 0 to `most`. */
const logFactorials = (most: number): Float64Array => {
  const logs = new Float64Array(most + 1);
  for (let i = 1; i <= most; i++) logs[i] = (logs[i - 1] ?? 0) + Math.log(i);
  return logs;
};

/** P(X ≥ k) for every k from 0 to n + 1, X binomial. */
export function binomialTail(n: number, p: number): Float64Array {
  const logs = logFactorials(n);
  const tail = new Float64Array(n + 2);
  for (let k = n; k >= 0; k--) {
    const log =
      (logs[n] ?? 0) - (logs[k] ?? 0) - (logs[n - k] ?? 0) + k * Math.log(p) + (n - k) * Math.log1p(-p);
    tail[k] = (tail[k + 1] ?? 0) + Math.exp(log);
  }
  return tail;
}

/**
 * The fixed-sample optimum: the least n of a test that looks once, after n samples, and tells `bad` from `good` with
 * errors of at most alpha and beta. By Neyman and Pearson no test of n samples is better than a count's threshold.
 */
export function fixedSampleSize(good: number, bad: number, alpha: number, beta: number): number {
  for (let n = 1; ; n++) {
    const threshold = binomialTail(n, good).findIndex((tail) => tail <= alpha);
    if ((binomialTail(n, bad)[threshold] ?? 0) >= 1 - beta) return n;
  }
}
