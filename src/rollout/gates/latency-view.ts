import type { Histogram } from '../evidence/counts.js';
import { BUCKETS_PER_OCTAVE, distributionOf, type Distribution } from '../evidence/log-histogram.js';
import type { Bounds } from './bounds.js';
import { provesAbove as provesRateAbove, rateTally } from './bounds.js';
import { medianBounds, type MedianBounds } from './median-bounds.js';
import type { View } from './view.js';

type Runs = Readonly<Record<string, Histogram>>;

/** Classes of run sizes (⌊log2 padded tokens⌋, 0 to 15) among which the stable version's half of alpha is divided. */
const STRATA = 16;
/** Largest distance of two buckets: a ratio of 2^±32. */
const MAX_SHIFT = 1024;

const bucketsIn = (ratio: number): number => BUCKETS_PER_OCTAVE * Math.log2(ratio);
const middleOf = (values: Distribution): number => values.bucketAtRank(Math.ceil(values.n / 2));

/**
 * The ratio, canary to stable, of the median worker time per padded token. Only runs of the same size class are
 * compared: a run of 16 tokens costs more per token than one of 256, and a canary with 1 % of the traffic has small
 * runs.
 *
 * If the ratio is at most r in every size class, then a run of the canary takes longer than r times the stable median
 * of its class with a probability of at most one half. So the view counts the runs that take longer than r times the
 * highest bucket in which that median may lie, and judges this count like every other rate. The median is used because
 * on a shared machine the slowest runs depend more on other processes than on the version.
 */
export function latencyView(where: string, canary: Runs, stable: Runs, alpha: number): View {
  const strata = strataOf(canary, stable);
  const n = strata.reduce((sum, { ours }) => sum + ours.n, 0);
  const shift = strata.reduce(
    (sum, { ours, theirs }) => sum + (middleOf(ours) - middleOf(theirs)) * (ours.n / n),
    0,
  );

  let known: readonly { ours: Distribution; median: MedianBounds | null }[] | null = null;
  /**
   * Whether `count` is proven to cover more than half of the canary's runs, in the classes whose stable median is
   * known.
   */
  const provesMajority = (count: (ours: Distribution, median: MedianBounds) => number): boolean => {
    known ??= strata.map(({ ours, theirs }) => ({ ours, median: medianBounds(theirs, alpha / 2 / STRATA) }));
    let [k, among] = [0, 0];
    for (const { ours, median } of known) {
      if (median === null) continue;
      among += ours.n;
      k += count(ours, median);
    }
    return provesRateAbove(rateTally(k, among), 0.5, alpha / 2);
  };
  /** A run in bucket i certainly took longer than 2^(d/32) times any time in bucket u if i > u + d. */
  const provesSlower = (d: number): boolean =>
    provesMajority((ours, { upper }) => ours.n - ours.countBelow(upper + 1 + d));
  const provesFaster = (d: number): boolean =>
    provesMajority((ours, { lower }) => ours.countBelow(lower + d));

  return {
    where,
    observed: n === 0 ? null : 2 ** (shift / BUCKETS_PER_OCTAVE),
    n,
    provesAbove: (limit) => {
      const d = Math.ceil(bucketsIn(limit));
      // The upper bound of the median is not below the observed median. So no proof is possible unless some class has a
      // majority against the observed median.
      const possible = strata.some(
        ({ ours, theirs }) => 2 * ours.countBelow(middleOf(theirs) + 1 + d) < ours.n,
      );
      return possible && provesSlower(d);
    },
    provesBelow: (limit) => provesFaster(Math.floor(bucketsIn(limit))),
    bounds: () => ratioBounds(provesSlower, provesFaster),
  };
}

/** Size classes in which both versions have runs. */
function strataOf(canary: Runs, stable: Runs): { ours: Distribution; theirs: Distribution }[] {
  return Object.entries(canary).flatMap(([stratum, ours]) => {
    const theirs = stable[stratum];
    return theirs === undefined ? [] : [{ ours: distributionOf(ours), theirs: distributionOf(theirs) }];
  });
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
