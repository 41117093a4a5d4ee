import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { oneLabel, severalLabels, type LabelForm, type LabelSet } from '../measure/label-forms.js';
import type { LabelledText } from '../measure/labelled-data.js';
import { compareAnswers, type ComparedAnswers } from './compare-answers.js';
import { qualityOf } from './quality.js';
import type { Scored } from './scored.js';
import { compareSeveral, severalQualityOf } from './several-quality.js';
import type { Comparison, Quality } from './version-figures.js';

/** How versions are judged by the labels of texts, in the form in which the data give them. */
export interface Judging<Label> {
  form(labels: readonly string[]): LabelForm<Label>;
  /** @param names the candidate's labels */
  quality(
    items: readonly LabelledText<Label>[],
    answers: readonly (Scored | null)[],
    version: ModelVersion,
    names: readonly string[],
  ): Quality;
  compare(answers: ComparedAnswers<Label>, names: readonly string[]): Comparison;
}

const ONE_LABEL: Judging<number> = {
  form: oneLabel,
  quality: (items, answers, _, names) => qualityOf(items, answers, names),
  compare: (answers, names) => ({
    ...compareAnswers(answers, {
      isRight: (label, answer) => answer?.said[0] === label,
      inWords: (label) => names[label] ?? '',
      saidInWords: ({ said: [label = 0] }) => names[label] ?? '',
    }),
    several: null,
  }),
};

const SEVERAL_LABELS: Judging<LabelSet> = {
  form: severalLabels,
  quality: severalQualityOf,
  compare: compareSeveral,
};

/** Calls a function with the way to judge the versions of a task; only here is it known which one that is. */
export const judgedBy = <T>(task: TaskName, use: <Label>(judging: Judging<Label>) => T): T =>
  TASK_TRAITS[task].severalLabels ? use(SEVERAL_LABELS) : use(ONE_LABEL);
