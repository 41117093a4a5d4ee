import type { Evidence } from './counts.js';
import { mergeMoments, noMoments, type Moments } from './moments.js';

interface Counts {
  [key: string]: number | Counts;
}

/**
 * Adds the numbers of `more` to those of `to`, at every depth. A number that only one of them has is kept unchanged.
 * Moments are merged separately, because they are not plain sums but relative to an origin.
 */
function addCounts(to: Counts, more: Counts): void {
  for (const [key, value] of Object.entries(more)) {
    const own = to[key];
    if (typeof value === 'number') to[key] = (typeof own === 'number' ? own : 0) + value;
    else {
      const nested: Counts = typeof own === 'object' ? own : {};
      to[key] = nested;
      if (key === 'kpi') Object.assign(nested, mergedMoments(nested, value));
      else addCounts(nested, value);
    }
  }
}

/** Missing fields count as 0, because documents of older releases have no origin. */
const mergedMoments = (own: Partial<Moments>, more: Partial<Moments>): Moments =>
  mergeMoments({ ...noMoments(), ...own }, { ...noMoments(), ...more });

/** Merges the evidence of several replicas or steps, in any order, without changing the parts. */
export function mergeEvidence(first: Evidence, ...others: readonly Evidence[]): Evidence {
  const sum = structuredClone(first);
  // TypeScript gives an interface no index signature, although every property of Evidence is a number or an object of
  // numbers.
  for (const other of others) addCounts(sum as unknown as Counts, other as unknown as Counts);
  return sum;
}
