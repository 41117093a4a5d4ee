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
      `The task ${task} does not fit ${count(logits, 'logit')} per text: binary-classification has one, the others one per label.`,
    );
  }
  const wanted = labelCount ?? logits;
  const notes: string[] = [];
  if (problemType === null && chosen.task === null) {
    notes.push(
      'config.json has no problem_type: exactly one label per text is assumed (softmax); --task says otherwise',
    );
  }
  const labels = chosen.labels ?? named;
  if (labels === null) throw new StartError(`config.json names no labels (id2label): ${NAME_THEM}.`);
  if (labels.length !== wanted) {
    const source = chosen.labels === null ? 'config.json (id2label) has' : '--labels names';
    throw new StartError(
      `${source} ${count(labels.length, 'label')}, but the model answers ${count(logits, 'logit')} per text` +
        `${wanted === logits ? '' : ', which is a score for two labels'}: ${NAME_THEM}.`,
    );
  }
  if (new Set(labels).size < labels.length || labels.includes('')) {
    throw new StartError(`The labels ${labels.join(', ')} must all differ and have a name: ${NAME_THEM}.`);
  }
  if (labels.every((label, i) => label === `LABEL_${i}`)) {
    notes.push(`the labels are called ${labels.join(', ')}, as nobody named them: ${NAME_THEM}`);
  }
  return { task, labels, notes };
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
      'config.json says single_label_classification, but the model answers one logit: for one that separates two labels say --task binary-classification --labels NO,YES.',
    );
  }
  throw new StartError(
    'The model answers one number per text, as a regression does, and Serin answers labels: if it is the logit of the ' +
      'second of two labels, say --task binary-classification --labels NO,YES.',
  );
}

const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
