import { wilsonInterval, type Interval } from './proportion.js';

/** Texts in equal numbers, from the least confident answers to the most confident. */
export interface CalibrationBin {
  readonly texts: number;
  /** Mean score of the answers. */
  readonly confidence: number;
  /** Share of the answers that are right. */
  readonly accuracy: number;
  readonly interval: Interval;
}

/** An answer's score, 0 to 1, and whether it is right. */
export interface ScoredAnswer {
  readonly score: number;
  readonly isRight: boolean;
}

/** Bins of equal mass; fewer when there are fewer answers than that. */
export function calibrationBins(answers: readonly ScoredAnswer[], wanted: number): CalibrationBin[] {
  const sorted = [...answers].sort((a, b) => a.score - b.score);
  const count = Math.min(wanted, sorted.length);
  return Array.from({ length: count }, (_, i) => {
    const part = sorted.slice(
      Math.round((i * sorted.length) / count),
      Math.round(((i + 1) * sorted.length) / count),
    );
    const right = part.filter(({ isRight }) => isRight).length;
    return {
      texts: part.length,
      confidence: part.reduce((sum, { score }) => sum + score, 0) / part.length,
      accuracy: right / part.length,
      interval: wilsonInterval(right, part.length),
    };
  });
}

/**
 * Expected calibration error: the mean distance of confidence and accuracy over the bins, weighted by their texts
 * (Naeini 2015, AAAI), with bins of equal mass (Nixon 2019, CVPR workshops).
 */
export function expectedCalibrationError(bins: readonly CalibrationBin[]): number {
  const all = bins.reduce((sum, { texts }) => sum + texts, 0);
  const distance = bins.reduce(
    (sum, { texts, confidence, accuracy }) => sum + texts * Math.abs(confidence - accuracy),
    0,
  );
  return all === 0 ? 0 : distance / all;
}

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
