import { boundsOf, lowerBound, provesAbove, provesBelow, rateTally, upperBound } from './bounds.js';
import type { View } from './view.js';

export interface Rate {
  readonly k: number;
  readonly n: number;
}

/**
 * The canary's rate minus the stable version's, each with half of alpha: the canary exceeds the limit if its rate is
 * proven to be above the stable version's upper bound plus the limit. With 1 % of the traffic on the canary, the stable
 * rate is known precisely, so its half of alpha costs little.
 */
export function differenceView(where: string, canary: Rate, stable: Rate, alpha: number): View {
  const [ours, theirs] = [rateTally(canary.k, canary.n), rateTally(stable.k, stable.n)];
  const half = alpha / 2;
  const observed = canary.n === 0 || stable.n === 0 ? null : canary.k / canary.n - stable.k / stable.n;
  return {
    where,
    observed,
    n: canary.n,
    // The bounds enclose the observed value. So the cheap comparison comes first and never changes the result.
    provesAbove: (limit) =>
      observed !== null && observed > limit && provesAbove(ours, limit + upperBound(theirs, 1, half), half),
    provesBelow: (limit) =>
      observed !== null && observed < limit && provesBelow(ours, limit + lowerBound(theirs, half), 1, half),
    bounds: () => {
      const [own, reference] = [boundsOf(ours, 1, half), boundsOf(theirs, 1, half)];
      return { lower: own.lower - reference.upper, upper: own.upper - reference.lower };
    },
  };
}
