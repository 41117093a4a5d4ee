/** Texts by label and answer: `[label][answer]`. */
export type ConfusionMatrix = readonly (readonly number[])[];

export interface LabelFigures {
  /** Texts that have this label. */
  readonly support: number;
  /** Share of the answers with this label that are right; null when there is none. */
  readonly precision: number | null;
  /** Share of the texts with this label that get it; null when there is none. */
  readonly recall: number | null;
  /** 2TP / (2TP + FP + FN); null when the label occurs neither among the labels nor among the answers. */
  readonly f1: number | null;
}

/**
 * @param labels index per text
 * @param answers index per text; null for a text without an answer, which has no place in the matrix
 */
export function confusionMatrix(
  labels: readonly number[],
  answers: readonly (number | null)[],
  size: number,
): ConfusionMatrix {
  const matrix = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  labels.forEach((label, i) => {
    const row = matrix[label];
    const answer = answers[i] ?? null;
    if (row !== undefined && answer !== null) row[answer] = (row[answer] ?? 0) + 1;
  });
  return matrix;
}

/** Precision, recall and F1 of each label. */
export function labelFigures(matrix: ConfusionMatrix): LabelFigures[] {
  return matrix.map((row, k) => {
    const hits = row[k] ?? 0;
    const support = row.reduce((sum, texts) => sum + texts, 0);
    const answered = matrix.reduce((sum, other) => sum + (other[k] ?? 0), 0);
    const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
    return {
      support,
      precision: ratio(hits, answered),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + answered),
    };
  });
}

/** The mean of F1 over the labels that occur; null when none does. */
export function macroF1(figures: readonly LabelFigures[]): number | null {
  const known = figures.map(({ f1 }) => f1).filter((f1) => f1 !== null);
  return known.length === 0 ? null : known.reduce((sum, f1) => sum + f1, 0) / known.length;
}
