import type { Histogram } from '../evidence/counts.js';
import { bucketAtRank, countOf } from '../evidence/log-histogram.js';
import { provesAbove, rateTally } from './bounds.js';

/** Between which buckets, both included, a median lies; null where that is not known yet. */
export interface MedianBounds {
  readonly lower: number | null;
  readonly upper: number | null;
}

/** The least `k` of `n` that proves a probability above one half; null when not even `n` of `n` do. */
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
 * A confidence sequence for a median: a bucket is proven to be at or above it once the share of values up to there
 * is proven to be above one half (Howard & Ramdas 2022, "Sequential estimation of quantiles with applications to
 * A/B testing and best-arm identification").
 */
export function medianBounds(histogram: Histogram, alpha: number): MedianBounds {
  const n = countOf(histogram);
  const majority = majorityOf(n, alpha);
  if (majority === null) return { lower: null, upper: null };
  return {
    lower: bucketAtRank(histogram, n - majority + 1),
    upper: bucketAtRank(histogram, majority),
  };
}
