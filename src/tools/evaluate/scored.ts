import type { TextOutcome } from '../../engine/dispatch/batch-group.js';
import { saidBy } from '../../engine/tasks/table.js';
import type { ModelVersion } from '../../registry/model-version.js';

/** A version's answer for one text, with labels in the order of the candidate's labels. */
export interface Scored {
  /** The labels that the text gets, as ascending indices: one, or where there may be several, any number. */
  readonly said: readonly number[];
  readonly scores: readonly number[];
  readonly truncated: boolean;
}

/**
 * @param version the version that answered
 * @param to the candidate's labels, of which its own are a permutation
 * @returns null for a text without an answer
 */
export function scoredOf(outcome: TextOutcome, version: ModelVersion, to: readonly string[]): Scored | null {
  if ('code' in outcome) return null;
  const from = version.manifest.labels;
  const said = saidBy(version, outcome.value).map((label) => to.indexOf(from[label] ?? ''));
  return {
    said: said.sort((a, b) => a - b),
    scores: to.map((label) => outcome.value.scores[from.indexOf(label)] ?? 0),
    truncated: outcome.truncated,
  };
}
