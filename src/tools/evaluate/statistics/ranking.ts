import { wilsonInterval, type Interval } from './proportion.js';

/** The score of a label, and whether the text has it. */
export interface ScoredLabel {
  readonly score: number;
  readonly has: boolean;
}

/** The share of the texts with a label that are found while at most a share of those without it is. */
export interface RecallAt {
  /** The lowest score that counts; null when no text is found. */
  readonly threshold: number | null;
  readonly recall: number;
  readonly interval_95: Interval;
}

/** A share of a count is a whole number that a double does not hold exactly. */
const ROUNDING = 1e-9;

/**
 * Recall where at most a share of the texts without the label has it.
 * @param most the share, 0 to 1
 * @returns null without texts of both kinds
 */
export function recallAt(texts: readonly ScoredLabel[], most: number): RecallAt | null {
  const scoresOf = (wanted: boolean): number[] =>
    texts
      .filter(({ has }) => has === wanted)
      .map(({ score }) => score)
      .sort((a, b) => b - a);
  const [having, lacking] = [scoresOf(true), scoresOf(false)];
  if (having.length === 0 || lacking.length === 0) return null;
  // The first text without the label that must not count: a score must be above it.
  const barred = lacking[Math.floor(most * lacking.length + ROUNDING)] ?? -Infinity;
  const found = having.filter((score) => score > barred);
  return {
    threshold: found.at(-1) ?? null,
    recall: found.length / having.length,
    interval_95: wilsonInterval(found.length, having.length),
  };
}
