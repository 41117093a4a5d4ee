import type { Evidence } from '../evidence/counts.js';

/**
 * Answers of a canary in one step after which at least one pair must exist. The comparison owes the step a pair for each
 * of the first 50 answers, whatever the load, so four times as many without a pair mean that something is broken.
 */
export const MOST_WITHOUT_PAIR = 200;

/** The counts of a step that show whether its canary is judged. */
type StepCounts = Pick<Evidence, 'pairs' | 'canary'>;

/** Pairs of one step, those of repeated texts and of failures included. */
const pairsOf = ({ pairs }: StepCounts): number =>
  pairs.trafficPairs + pairs.canaryOnlyErrors + pairs.stableOnlyErrors;

/**
 * Whether a canary answers users without being judged: it has given more answers in this step than may go without a
 * pair, and not one of them was compared.
 * @param steps the counts of the step, one per replica
 */
export function isUnjudged(steps: readonly StepCounts[]): boolean {
  let answers = 0;
  for (const step of steps) {
    if (pairsOf(step) > 0) return false;
    answers += step.canary.requests;
  }
  return answers > MOST_WITHOUT_PAIR;
}
