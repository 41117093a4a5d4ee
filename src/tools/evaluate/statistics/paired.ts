import { Z_95, type Interval } from './proportion.js';

/** How two versions did on the same texts. */
export interface PairCounts {
  readonly n: number;
  /** The one compared against is right, the candidate wrong. */
  readonly lost: number;
  /** The candidate is right, the one compared against wrong. */
  readonly won: number;
}

/**
 * McNemar's exact test: the two-sided p-value for "both are right equally often", from the binomial distribution of
 * the pairs of which just one is right (McNemar 1947, Psychometrika 12; exact form in Fay 2010, Biostatistics 11).
 * @returns 1 when there are no such pairs
 */
export function mcnemarP({ lost, won }: Pick<PairCounts, 'lost' | 'won'>): number {
  const pairs = lost + won;
  const fewer = Math.min(lost, won);
  // Logarithms: a half to the power of a thousand pairs is no number any more.
  let logTerm = -pairs * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let k = 1; k <= fewer; k++) {
    logTerm += Math.log((pairs - k + 1) / k);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}

/** How far accuracy drops from the one compared against to the candidate, as a share; negative: it gains. */
export const accuracyDrop = ({ n, lost, won }: PairCounts): number => (lost - won) / n;

/**
 * The interval of {@link accuracyDrop} after Bonett and Price (2012, J. Educ. Behav. Stat. 37): Wald's with one pair
 * added to either side, which covers what it says also for few pairs.
 */
export function dropInterval({ n, lost, won }: PairCounts, z = Z_95): Interval {
  const [down, up] = [(lost + 1) / (n + 2), (won + 1) / (n + 2)];
  const half = z * Math.sqrt((down + up - (down - up) ** 2) / (n + 2));
  return [Math.max(-1, down - up - half), Math.min(1, down - up + half)];
}
