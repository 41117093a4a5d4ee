import type { Histogram } from '../evidence/counts.js';
import { BUCKETS_PER_OCTAVE, bucketAtRank, countFrom, countOf } from '../evidence/log-histogram.js';
import type { Bounds } from './bounds.js';
import { provesAbove as provesRateAbove, rateTally } from './bounds.js';
import { medianBounds, type MedianBounds } from './median-bounds.js';
import type { View } from './view.js';

type Runs = Readonly<Record<string, Histogram>>;

/** Classes of run sizes (⌊log2 padded tokens⌋, 0 to 15) among which the stable version's half of alpha is divided. */
const STRATA = 16;
/** A ratio of 2^±32: as far as two buckets can lie apart. */
const MAX_SHIFT = 1024;

const bucketsOf = (ratio: number): number => BUCKETS_PER_OCTAVE * Math.log2(ratio);
const middleOf = (histogram: Histogram, n: number): number => bucketAtRank(histogram, Math.ceil(n / 2)) ?? 0;

/**
 * The ratio, canary to stable, of the median worker time per padded token, run sizes compared like with like: a
 * run of 16 tokens costs more per token than one of 256, and a canary with 1 % of the traffic has small runs.
 *
 * If the ratio is at most r in every class of sizes, then a run of the canary takes longer than r times its
 * class' stable median with a probability of at most one half. So runs are counted that take longer than r times
 * the highest bucket in which that median may lie, and the count is judged as any other rate. A median, for times on a
 * shared machine have a tail that says more about the neighbours than about the version.
 */
export function latencyView(where: string, canary: Runs, stable: Runs, alpha: number): View {
  const strata = Object.entries(canary).flatMap(([stratum, ours]) => {
    const theirs = stable[stratum];
    if (theirs === undefined) return [];
    const [n, stableN] = [countOf(ours), countOf(theirs)];
    return [{ ours, theirs, n, ownMiddle: middleOf(ours, n), stableMiddle: middleOf(theirs, stableN) }];
  });
  const n = strata.reduce((sum, stratum) => sum + stratum.n, 0);
  const shift = strata.reduce(
    (sum, { n: weight, ownMiddle, stableMiddle }) => sum + (ownMiddle - stableMiddle) * (weight / n),
    0,
  );

  let known: readonly { ours: Histogram; n: number; median: MedianBounds }[] | null = null;
  const medians = (): NonNullable<typeof known> =>
    (known ??= strata.map(({ ours, theirs, n: runs }) => ({
      ours,
      n: runs,
      median: medianBounds(theirs, alpha / 2 / STRATA),
    })));

  /** A run of bucket i is certainly slower than 2^(d/32) times bucket u when i > u + d. */
  const provesSlower = (d: number): boolean => {
    let [k, among] = [0, 0];
    for (const { ours, n: runs, median } of medians()) {
      if (median.upper === null) continue;
      among += runs;
      k += countFrom(ours, median.upper + 1 + d);
    }
    return provesRateAbove(rateTally(k, among), 0.5, alpha / 2);
  };
  const provesFaster = (d: number): boolean => {
    let [k, among] = [0, 0];
    for (const { ours, n: runs, median } of medians()) {
      if (median.lower === null) continue;
      among += runs;
      k += runs - countFrom(ours, median.lower + d);
    }
    return provesRateAbove(rateTally(k, among), 0.5, alpha / 2);
  };

  return {
    where,
    observed: n === 0 ? null : 2 ** (shift / BUCKETS_PER_OCTAVE),
    n,
    provesAbove: (limit) => {
      const d = Math.ceil(bucketsOf(limit));
      // The highest possible median is not below the observed one: no class can win that does not win against that.
      const possible = strata.some((s) => 2 * countFrom(s.ours, s.stableMiddle + 1 + d) > s.n);
      return possible && provesSlower(d);
    },
    provesBelow: (limit) => provesFaster(Math.floor(bucketsOf(limit))),
    bounds: () => ratioBounds(provesSlower, provesFaster),
  };
}

/** The largest shift that is proven to be too small, and the smallest that is proven to be too large, as ratios. */
function ratioBounds(provesSlower: (d: number) => boolean, provesFaster: (d: number) => boolean): Bounds {
  const boundary = (holds: (d: number) => boolean): number | null => {
    if (!holds(-MAX_SHIFT)) return null;
    let [yes, no] = [-MAX_SHIFT, MAX_SHIFT + 1];
    while (no - yes > 1) {
      const middle = Math.floor((yes + no) / 2);
      if (holds(middle)) yes = middle;
      else no = middle;
    }
    return yes;
  };
  const lower = boundary(provesSlower);
  const upper = boundary((d) => provesFaster(-d));
  return {
    lower: lower === null ? 0 : 2 ** (lower / BUCKETS_PER_OCTAVE),
    upper: upper === null ? Infinity : 2 ** (-upper / BUCKETS_PER_OCTAVE),
  };
}
