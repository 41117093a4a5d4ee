import { meanDifference, varianceOf, type Moments } from '../evidence/moments.js';
import type { View } from './view.js';

/** Number of values at which the sequence is narrowest. */
const TUNED_FOR = 1000;
/** Minimum number of values per version; with fewer, the central limit theorem is not relied on. */
export const MIN_KPI_VALUES = 100;

/** Half of the width of the confidence sequence for a mean of n values. */
function halfWidthOf(n: number, variance: number, alpha: number): number {
  const twoLogs = -2 * Math.log(alpha);
  const rhoSquared = (twoLogs + Math.log(twoLogs) + 1) / TUNED_FOR;
  const scale = n * rhoSquared + 1;
  return Math.sqrt((variance * 2 * scale * Math.log(Math.sqrt(scale) / alpha)) / (n * n * rhoSquared));
}

/**
 * The stable version's mean kpi minus the canary's. A kpi has no known range, so no exact statement is possible; this
 * is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024 ("Time-uniform central
 * limit theory and asymptotic confidence sequences"): the time-uniform counterpart of a mean ± 2 standard errors, from
 * their moments. Both versions are given the larger of the two variances: if purchases are rare, a version without any
 * purchase so far would seem to have no variance.
 */
export function kpiView(where: string, canary: Moments, stable: Moments, alpha: number): View {
  const n = Math.min(canary.count, stable.count);
  const observed = meanDifference(stable, canary);
  const variance = Math.max(varianceOf(canary), varianceOf(stable));
  const width =
    n < MIN_KPI_VALUES
      ? Infinity
      : halfWidthOf(canary.count, variance, alpha / 2) + halfWidthOf(stable.count, variance, alpha / 2);
  return {
    where,
    observed,
    n,
    provesAbove: (limit) => observed !== null && observed - width > limit,
    provesBelow: (limit) => observed !== null && observed + width < limit,
    bounds: () => ({ lower: (observed ?? 0) - width, upper: (observed ?? 0) + width }),
  };
}
