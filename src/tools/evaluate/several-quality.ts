import { factsOf } from '../../engine/tasks/table.js';
import { DEFAULT_THRESHOLD } from '../../engine/tasks/classified.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { LabelSet } from '../measure/label-forms.js';
import { countOutcomes, f1Of, meanF1, outcomesOf, type LabelCounts } from '../measure/label-outcomes.js';
import type { LabelledText } from '../measure/labelled-data.js';
import { compareAnswers, type ComparedAnswers } from './compare-answers.js';
import { BINS } from './quality.js';
import type { Scored } from './scored.js';
import { calibrationBins, expectedCalibrationError } from './statistics/calibration.js';
import { wilsonInterval, type Interval } from './statistics/proportion.js';
import { recallAt, type ScoredLabel } from './statistics/ranking.js';
import { f1DropIntervals, meanF1Interval } from './statistics/resample.js';
import type { Comparison, Quality, SeveralLabelFigures } from './version-figures.js';

/** The false-positive rate at which recall is compared between models with thresholds of different meaning. */
const FALSE_POSITIVES = 0.01;

/** Everything that labels and answers say about a version that gives a text any number of labels. */
export function severalQualityOf(
  items: readonly LabelledText<LabelSet>[],
  answers: readonly (Scored | null)[],
  version: ModelVersion,
  names: readonly string[],
): Quality {
  const sets = items.map(({ label }) => label);
  const outcomes = outcomesOf(sets, saidIn(answers));
  const counts = countOutcomes(outcomes, names.length);
  const n = items.length;
  const correct = items.filter(({ label }, i) => isRight(label, answers[i] ?? null)).length;
  const scored = names.map((_, k) => scoredLabels(items, answers, k));
  const answered = answers.filter((answer) => answer !== null);
  const bins = binsOf(scored.flat());
  return {
    accuracy: { correct, n, accuracy: correct / n, interval_95: wilsonInterval(correct, n) },
    unanswered: n - answered.length,
    truncated: answered.filter(({ truncated }) => truncated).length,
    labels: names.map((label, k) => ({ label, ...figuresOf(counts[k] ?? NO_TEXTS) })),
    macro_f1: meanF1(counts),
    confusion: null,
    calibration: {
      expected_error: expectedCalibrationError(bins),
      brier_score: brierScore(scored.flat(), answered.length),
      bins,
    },
    several: {
      macro_f1_interval_95: meanF1Interval(outcomes, names.length),
      ...microFigures(counts),
      labels: names.map((label, k) =>
        labelFiguresOf(label, thresholdOf(version, label), counts[k] ?? NO_TEXTS, scored[k] ?? []),
      ),
    },
  };
}

/** Holds the labels of two versions' answers against each other, and what F1 loses. */
export function compareSeveral(answers: ComparedAnswers<LabelSet>, names: readonly string[]): Comparison {
  const wordsOf = (has: (label: number) => boolean): string =>
    names.filter((_, k) => has(k)).join('+') || 'none';
  const sets = answers.items.map(({ label }) => label);
  const before = outcomesOf(sets, saidIn(answers.against));
  const after = outcomesOf(sets, saidIn(answers.candidate));
  const pairs = before.map((against, i) => ({ against, candidate: after[i] ?? [] }));
  const [was, is] = [countOutcomes(before, names.length), countOutcomes(after, names.length)];
  const intervals = f1DropIntervals(pairs, names.length);
  const inPoints = ([low, high]: Interval): Interval => [100 * low, 100 * high];
  return {
    ...compareAnswers(answers, {
      isRight,
      inWords: (label) => wordsOf((k) => label[k] === true),
      saidInWords: ({ said }) => wordsOf((k) => said.includes(k)),
    }),
    several: {
      macro_f1_drop_points: 100 * ((meanF1(was) ?? 0) - (meanF1(is) ?? 0)),
      interval_95_points: inPoints(intervals.mean),
      labels: names.map((label, k) => {
        const [old, now] = [f1Of(was[k] ?? NO_TEXTS), f1Of(is[k] ?? NO_TEXTS)];
        const interval = intervals.labels[k] ?? null;
        return {
          label,
          f1_drop_points: old === null || now === null ? null : 100 * (old - now),
          interval_95_points: interval && inPoints(interval),
        };
      }),
    },
  };
}

const NO_TEXTS: LabelCounts = { hits: 0, falseAlarms: 0, misses: 0, rest: 0 };

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Whether every label of which the data say something is right. */
const isRight = (label: LabelSet, answer: Scored | null): boolean =>
  answer !== null && label.every((has, k) => has === null || has === answer.said.includes(k));

const saidIn = (answers: readonly (Scored | null)[]): (readonly number[] | null)[] =>
  answers.map((answer) => answer?.said ?? null);

function figuresOf(counts: LabelCounts) {
  const { hits, falseAlarms, misses } = counts;
  return {
    support: hits + misses,
    precision: ratio(hits, hits + falseAlarms),
    recall: ratio(hits, hits + misses),
    f1: f1Of(counts),
  };
}

/** Precision, recall and F1 of all labels together. */
function microFigures(counts: readonly LabelCounts[]) {
  const { precision, recall, f1 } = figuresOf(
    counts.reduce(
      (sum, one) => ({
        hits: sum.hits + one.hits,
        falseAlarms: sum.falseAlarms + one.falseAlarms,
        misses: sum.misses + one.misses,
        rest: sum.rest + one.rest,
      }),
      NO_TEXTS,
    ),
  );
  return { micro_precision: precision, micro_recall: recall, micro_f1: f1 };
}

function labelFiguresOf(
  label: string,
  threshold: number,
  { hits, falseAlarms, misses, rest }: LabelCounts,
  scored: readonly ScoredLabel[],
): SeveralLabelFigures {
  // F1 is 2J / (1 + J) of J, the share of hits among the texts that have the label or get it, and grows with it.
  const [low, high] = wilsonInterval(hits, hits + falseAlarms + misses);
  return {
    label,
    threshold,
    known: hits + falseAlarms + misses + rest,
    precision_interval_95: wilsonInterval(hits, hits + falseAlarms),
    recall_interval_95: wilsonInterval(hits, hits + misses),
    f1_interval_95: [(2 * low) / (1 + low), (2 * high) / (1 + high)],
    recall_at_1_percent: recallAt(scored, FALSE_POSITIVES),
    expected_error: expectedCalibrationError(binsOf(scored)),
  };
}

function thresholdOf(version: ModelVersion, label: string): number {
  const { labels, thresholds } = factsOf(version);
  return thresholds?.[labels.indexOf(label)] ?? DEFAULT_THRESHOLD;
}

/** The scores of one label, of the texts that have an answer and of which the data say whether they have it. */
function scoredLabels(
  items: readonly LabelledText<LabelSet>[],
  answers: readonly (Scored | null)[],
  label: number,
): ScoredLabel[] {
  return items.flatMap(({ label: set }, i) => {
    const [has, score] = [set[label] ?? null, answers[i]?.scores[label]];
    return has === null || score === undefined ? [] : [{ score, has }];
  });
}

const binsOf = (scored: readonly ScoredLabel[]) =>
  calibrationBins(
    scored.map(({ score, has }) => ({ score, isRight: has })),
    BINS,
  );

/** Brier's score, summed over the labels that are known. */
const brierScore = (scored: readonly ScoredLabel[], texts: number): number =>
  texts === 0 ? 0 : scored.reduce((sum, { score, has }) => sum + (score - (has ? 1 : 0)) ** 2, 0) / texts;
