import type { Span } from '../view.js';

/** Scores of the labels that a text may have. */
export interface Classified {
  /** One per label, 0 to 1, in the order of the version's labels. */
  readonly scores: readonly number[];
  /** Per label: the window with this score; absent when the text was read in one window. */
  readonly spans?: readonly Span[];
}

/** The lowest score with which a text has a label, when it may have several and the version names no threshold. */
export const DEFAULT_THRESHOLD = 0.5;

/** Index of the first of the highest scores. */
export function topLabel({ scores }: Classified): number {
  let top = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[top] ?? 0)) top = i;
  return top;
}

/** Indices of the labels, best first; equal scores in the order of the labels. */
export function rankedLabels({ scores }: Classified): number[] {
  return scores.map((_, i) => i).sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

export interface LabelScore {
  readonly label: string;
  readonly score: number;
}

/** The best `count` labels by name, best first; all of them when there are fewer. */
export const namedRanking = (value: Classified, labels: readonly string[], count: number): LabelScore[] =>
  rankedLabels(value)
    .slice(0, count)
    .map((i) => ({ label: labels[i] ?? '', score: value.scores[i] ?? 0 }));

/** Whether two ascending lists name the same labels. */
export const sameLabels = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((label, i) => label === b[i]);
