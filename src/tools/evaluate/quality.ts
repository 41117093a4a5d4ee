import type { Scored } from './scored.js';
import type { Quality } from './version-figures.js';
import type { LabelledText } from '../measure/labelled-data.js';
import { brierScore, calibrationBins, expectedCalibrationError } from './statistics/calibration.js';
import { confusionMatrix, labelFigures, macroF1 } from './statistics/classification.js';
import { wilsonInterval } from './statistics/proportion.js';

export const BINS = 10;

/** Everything that labels and answers say about a version that gives each text one label. */
export function qualityOf(
  items: readonly LabelledText[],
  answers: readonly (Scored | null)[],
  names: readonly string[],
): Quality {
  const labels = items.map(({ label }) => label);
  const best = answers.map((answer) => answer?.said[0] ?? null);
  const correct = labels.filter((label, i) => best[i] === label).length;
  const n = items.length;
  const confusion = confusionMatrix(labels, best, names.length);
  const figures = labelFigures(confusion);
  const answered = answers.flatMap((answer, i) =>
    answer === null ? [] : [{ answer, label: labels[i] ?? 0 }],
  );
  const bins = calibrationBins(
    answered.map(({ answer, label }) => ({
      score: answer.scores[answer.said[0] ?? 0] ?? 0,
      isRight: answer.said[0] === label,
    })),
    BINS,
  );
  return {
    accuracy: { correct, n, accuracy: correct / n, interval_95: wilsonInterval(correct, n) },
    unanswered: n - answered.length,
    truncated: answered.filter(({ answer }) => answer.truncated).length,
    labels: figures.map((figure, k) => ({ label: names[k] ?? '', ...figure })),
    macro_f1: macroF1(figures),
    confusion,
    calibration: {
      expected_error: expectedCalibrationError(bins),
      brier_score: brierScore(
        answered.map(({ answer }) => answer.scores),
        answered.map(({ label }) => label),
      ),
      bins,
    },
    several: null,
  };
}
