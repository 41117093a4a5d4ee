import type { Histogram } from './counts.js';

/** A bucket is 2.2 % wide, which is less than latencies vary between two measurements. */
export const BUCKETS_PER_OCTAVE = 32;
/** 0 to 1,023: from 1 to 2³² units, that is 4 s in nanoseconds and 71 minutes in microseconds. */
const LAST_BUCKET = 1023;

/** Bucket of a value; values outside the range belong to the first or last bucket. */
export const bucketOf = (value: number): number =>
  value > 1 ? Math.min(LAST_BUCKET, Math.floor(BUCKETS_PER_OCTAVE * Math.log2(value))) : 0;

/** Lower edge of a bucket, in the unit of the values. */
export const lowerEdgeOf = (bucket: number): number => 2 ** (bucket / BUCKETS_PER_OCTAVE);

/** Counts one value. */
export function addValue(histogram: Histogram, value: number): void {
  const bucket = bucketOf(value);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** A histogram prepared for rank queries. */
export interface Distribution {
  readonly n: number;
  /** Number of values in buckets below this one. */
  countBelow(bucket: number): number;
  /** The bucket in which the value of this rank lies, from 1 to n; the last one for a higher rank. */
  bucketAtRank(rank: number): number;
}

export function distributionOf(histogram: Histogram): Distribution {
  const buckets: number[] = [];
  /** Number of values in this bucket and all lower ones. */
  const cumulative: number[] = [];
  let n = 0;
  // Integer keys of an object are iterated in ascending order.
  for (const bucket in histogram) {
    n += histogram[bucket] ?? 0;
    buckets.push(Number(bucket));
    cumulative.push(n);
  }
  /** Index of the first entry of ascending `values` that is at least `least`. */
  const firstAtLeast = (values: readonly number[], least: number): number => {
    let [low, high] = [0, values.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((values[middle] ?? 0) < least) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    n,
    countBelow: (bucket) => cumulative[firstAtLeast(buckets, bucket) - 1] ?? 0,
    bucketAtRank: (rank) => buckets[Math.min(firstAtLeast(cumulative, rank), buckets.length - 1)] ?? 0,
  };
}

/**
 * A quantile by nearest rank: the geometric middle of its bucket, so the error is at most 1.1 %.
 * @param q above 0, at most 1
 * @returns null for an empty histogram
 */
export function quantileOf(histogram: Histogram, q: number): number | null {
  const values = distributionOf(histogram);
  if (values.n === 0) return null;
  return lowerEdgeOf(values.bucketAtRank(Math.max(1, Math.ceil(q * values.n))) + 0.5);
}
