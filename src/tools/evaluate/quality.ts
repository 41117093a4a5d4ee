import type { TextOutcome } from '../../engine/dispatch/batch-group.js';
import { topLabel } from '../../engine/tasks/classified.js';
import type { Quality } from './version-figures.js';
import type { LabelledText } from '../measure/labelled-data.js';
import { brierScore, calibrationBins, expectedCalibrationError } from './statistics/calibration.js';
import { confusionMatrix, labelFigures, macroF1 } from './statistics/classification.js';
import { wilsonInterval } from './statistics/proportion.js';

const BINS = 10;

/** A version's answer for one text, with labels in the order of the candidate's labels. */
export interface Scored {
  readonly best: number;
  readonly scores: readonly number[];
  readonly truncated: boolean;
}

/**
 * @param from the labels of the version that answered
 * @param to the candidate's, of which those are a permutation
 * @returns null for a text without an answer
 */
export function scoredOf(
  outcome: TextOutcome,
  from: readonly string[],
  to: readonly string[],
): Scored | null {
  if ('code' in outcome) return null;
  const scores = to.map((label) => outcome.value.scores[from.indexOf(label)] ?? 0);
  return { best: topLabel({ scores }), scores, truncated: outcome.truncated };
}

/** Everything that labels and answers say about a version. */
export function qualityOf(
  items: readonly LabelledText[],
  answers: readonly (Scored | null)[],
  names: readonly string[],
): Quality {
  const labels = items.map(({ label }) => label);
  const best = answers.map((answer) => answer?.best ?? null);
  const correct = labels.filter((label, i) => best[i] === label).length;
  const n = items.length;
  const confusion = confusionMatrix(labels, best, names.length);
  const figures = labelFigures(confusion);
  const answered = answers.flatMap((answer, i) =>
    answer === null ? [] : [{ answer, label: labels[i] ?? 0 }],
  );
  const bins = calibrationBins(
    answered.map(({ answer, label }) => ({
      score: answer.scores[answer.best] ?? 0,
      isRight: answer.best === label,
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
  };
}
