import type { Histogram } from './counts.js';

/** A bucket is 2.2 % wide: more exact than any latency is repeatable. */
export const BUCKETS_PER_OCTAVE = 32;
/** 0 to 1,023: from 1 to 2³² units, that is 4 s in nanoseconds and 71 minutes in microseconds. */
const LAST_BUCKET = 1023;

/** Bucket of a value; what lies outside the range counts in the first or last one. */
export const bucketOf = (value: number): number =>
  value > 1 ? Math.min(LAST_BUCKET, Math.floor(BUCKETS_PER_OCTAVE * Math.log2(value))) : 0;

/** Lower edge of a bucket, in the unit of the values. */
export const lowerEdgeOf = (bucket: number): number => 2 ** (bucket / BUCKETS_PER_OCTAVE);

/** Counts one value. */
export function addValue(histogram: Histogram, value: number): void {
  const bucket = bucketOf(value);
  histogram[bucket] = (histogram[bucket] ?? 0) + 1;
}

/** Buckets in ascending order with their counts (integer keys of an object are in ascending order). */
export const bucketsOf = (histogram: Histogram): [bucket: number, count: number][] =>
  Object.entries(histogram).map(([bucket, count]) => [Number(bucket), count]);

export const countOf = (histogram: Histogram): number =>
  Object.values(histogram).reduce((sum, count) => sum + count, 0);

/** Number of values in buckets `from` and above. */
export const countFrom = (histogram: Histogram, from: number): number =>
  bucketsOf(histogram).reduce((sum, [bucket, count]) => (bucket >= from ? sum + count : sum), 0);

/** The first bucket at or below which `rank` values lie (rank from 1); null when there are not so many. */
export function bucketAtRank(histogram: Histogram, rank: number): number | null {
  let seen = 0;
  for (const [bucket, count] of bucketsOf(histogram)) {
    seen += count;
    if (seen >= rank) return bucket;
  }
  return null;
}

/**
 * A quantile by nearest rank: the geometric middle of the bucket it lies in, so at most 1.1 % off.
 * @param q above 0, at most 1
 * @returns null for an empty histogram
 */
export function quantileOf(histogram: Histogram, q: number): number | null {
  const bucket = bucketAtRank(histogram, Math.max(1, Math.ceil(q * countOf(histogram))));
  return bucket === null ? null : lowerEdgeOf(bucket + 0.5);
}
