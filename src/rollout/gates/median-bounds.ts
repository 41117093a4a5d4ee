import type { Distribution } from '../evidence/log-histogram.js';
import { provesAbove, rateTally } from './bounds.js';

/** The range of buckets, both included, in which a median lies. */
export interface MedianBounds {
  readonly lower: number;
  readonly upper: number;
}

/** The smallest `k` of `n` that proves a probability above one half; null when even `n` of `n` is no proof. */
function majorityOf(n: number, alpha: number): number | null {
  if (!provesAbove(rateTally(n, n), 0.5, alpha)) return null;
  let [low, high] = [Math.floor(n / 2), n];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (provesAbove(rateTally(middle, n), 0.5, alpha)) high = middle;
    else low = middle;
  }
  return high;
}

/**
 * A confidence sequence for a median: a bucket is proven to be at or above it once the share of values up to there is
 * proven to be above one half (Howard & Ramdas 2022, "Sequential estimation of quantiles with applications to A/B
 * testing and best-arm identification").
 * @returns null while there are too few values for any bound
 */
export function medianBounds(values: Distribution, alpha: number): MedianBounds | null {
  const { n } = values;
  const majority = majorityOf(n, alpha);
  if (majority === null) return null;
  return { lower: values.bucketAtRank(n - majority + 1), upper: values.bucketAtRank(majority) };
}
