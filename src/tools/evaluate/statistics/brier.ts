/**
 * Brier's score (1950, Mon. Weather Rev. 78), summed over the labels: 0 is perfect, 2 the worst. For two labels it is
 * twice the mean square of the one score.
 * @param scores one score per label and text
 * @param labels index per text
 */
export function brierScore(scores: readonly (readonly number[])[], labels: readonly number[]): number {
  const sum = scores.reduce(
    (total, row, i) => total + row.reduce((of, score, k) => of + (score - (k === labels[i] ? 1 : 0)) ** 2, 0),
    0,
  );
  return scores.length === 0 ? 0 : sum / scores.length;
}
