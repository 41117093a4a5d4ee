import type { Evidence } from './counts.js';
import { mergeMoments, noMoments, type Moments } from './moments.js';

interface Counts {
  [key: string]: number | Counts;
}

/**
 * Adds the numbers of `more` to those of `to`, at every depth; what only one of them has stays as it is. Moments are
 * no plain sums: they are told from an origin.
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

/** A document of an older release has no origin. */
const mergedMoments = (own: Partial<Moments>, more: Partial<Moments>): Moments =>
  mergeMoments({ ...noMoments(), ...own }, { ...noMoments(), ...more });

/** Evidence of several replicas or steps as one, in any order; the parts stay as they are. */
export function mergeEvidence(first: Evidence, ...others: readonly Evidence[]): Evidence {
  const sum = structuredClone(first);
  // An interface has no index signature, though every property of Evidence is a number or such an object.
  for (const other of others) addCounts(sum as unknown as Counts, other as unknown as Counts);
  return sum;
}
