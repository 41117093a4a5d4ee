import { StartError } from '../../base/errors/start-error.js';
import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import type { ExportedConfig } from './exported-config.js';

export interface LabelsAndTask {
  readonly task: TaskName;
  readonly labels: readonly string[];
  /** The assumptions made, one sentence each. */
  readonly notes: readonly string[];
}

export interface LabelChoices {
  /** `--labels`. */
  readonly labels: readonly string[] | null;
  /** `--task`. */
  readonly task: TaskName | null;
}

const NAME_THEM = 'name them in their order with --labels A,B,…';

const AS_BINARY = '--task binary-classification --labels NO,YES';

/** Labels that a config.json without id2label has: PretrainedConfig of transformers takes two, and writes none of them. */
const UNNAMED_LABELS = 2;

/** Characters that break a line of a table, a log or a terminal: controls, and the separators of lines and paragraphs. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * What the logits mean: the task by problem_type and their number, and a name for each.
 * @param width logits per row; null where the graph leaves it open
 * @throws StartError when labels and logits do not fit, or the model answers no labels
 */
export function decideLabels(
  { problemType, labels: named }: Pick<ExportedConfig, 'problemType' | 'labels'>,
  width: number | null,
  chosen: LabelChoices,
): LabelsAndTask {
  const logits = width ?? named?.length ?? chosen.labels?.length;
  if (logits === undefined) {
    throw new StartError(`Neither model.onnx nor config.json says how many labels there are: ${NAME_THEM}.`);
  }
  const task = chosen.task ?? taskOf(problemType, logits);
  const { labelCount } = TASK_TRAITS[task];
  if ((labelCount !== null) !== (logits === 1)) {
    throw new StartError(
      logits === 1
        ? `The task ${task} does not fit a model that answers one logit per text: if that is the logit of the second of two labels, type ${AS_BINARY}.`
        : `The task ${task} does not fit ${logits} logits per text: type --task text-classification (one label per text) or --task multi-label-classification (any number of them).`,
    );
  }
  const wanted = labelCount ?? logits;
  const notes: string[] = [];
  if (problemType === null && chosen.task === null) {
    notes.push(
      'config.json has no problem_type: exactly one label per text is assumed (softmax); --task says otherwise',
    );
  }
  const labels = chosen.labels ?? named ?? unnamed(logits);
  if (labels === null) throw new StartError(`config.json names no labels (id2label): ${NAME_THEM}.`);
  if (labels.length !== wanted) {
    const source = chosen.labels === null ? 'config.json (id2label) has' : '--labels names';
    throw new StartError(
      `${source} ${count(labels.length, 'label')}, but the model answers ${count(logits, 'logit')} per text` +
        (wanted === logits
          ? `: ${NAME_THEM}.`
          : ', which is a score for two labels: name them with --labels NO,YES.'),
    );
  }
  checkNames(labels);
  if (labels.every((label, i) => label === `LABEL_${i}`)) {
    notes.push(`${inShort(labels)}, as nobody named them: ${NAME_THEM}`);
  }
  return { task, labels, notes };
}

function unnamed(logits: number): string[] | null {
  return logits === UNNAMED_LABELS ? Array.from({ length: logits }, (_, i) => `LABEL_${i}`) : null;
}

/** @throws StartError when two labels are the same, or one is empty or cannot be printed on a line */
function checkNames(labels: readonly string[]): void {
  const unprintable = labels.find((label) => UNPRINTABLE.test(label));
  if (unprintable !== undefined) {
    throw new StartError(
      `The label ${JSON.stringify(unprintable)} has a control character, a line break or half a character: ${NAME_THEM}.`,
    );
  }
  if (new Set(labels).size < labels.length || labels.includes('')) {
    throw new StartError(`The labels ${labels.join(', ')} must all differ and have a name: ${NAME_THEM}.`);
  }
}

/** Labels that a sentence lists; of more it tells the number. */
const LISTED = 3;

function inShort(labels: readonly string[]): string {
  return labels.length <= LISTED
    ? `the labels are called ${labels.join(', ')}`
    : `the ${labels.length} labels are called ${labels[0] ?? ''} to ${labels.at(-1) ?? ''}`;
}

function taskOf(problemType: string | null, logits: number): TaskName {
  if (problemType === 'multi_label_classification') return 'multi-label-classification';
  if (logits > 1 && problemType === 'regression') {
    throw new StartError(
      `config.json says regression: its ${logits} numbers are no scores of labels. If they are, say --task.`,
    );
  }
  if (logits > 1) return 'text-classification';
  if (problemType === 'single_label_classification') {
    throw new StartError(
      `config.json says single_label_classification, but the model answers one logit: for one that separates two labels say ${AS_BINARY}.`,
    );
  }
  throw new StartError(
    'The model answers one number per text, as a regression does, and Serin answers labels: if it is the logit of the ' +
      `second of two labels, say ${AS_BINARY}.`,
  );
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
