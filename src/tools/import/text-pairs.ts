import { StartError } from '../../base/errors/start-error.js';
import type { TaskName } from '../../registry/tasks.js';
import type { ExportedConfig } from './exported-config.js';

/** Labels of natural language inference and of "do these two say the same": no single text has them. */
const PAIR_LABELS =
  /^((not[ _-]?)?entail(ment|s|ed)|contradict(ion|s)|not[ _-](equivalent|duplicate|paraphrase))$/i;

/** Values of `finetuning_task`, which run_glue.py of transformers writes: the tasks of GLUE and its kin on two texts. */
const PAIR_TASKS =
  /^(mnli(-mm)?|snli|xnli|anli|nli|qnli|rte|wnli|cb|boolq|copa|wic|mrpc|qqp|paws(-x)?|sts-?b)$/i;

/**
 * Whether a model was trained on pairs of texts, such as premise and hypothesis. Serin sends one text, so that its
 * answers would be to something that the model has never seen.
 * @param task `--task`: who names it says that single texts are meant
 * @returns a sentence about what speaks for pairs, when `task` overrules it
 * @throws StartError when something speaks for pairs and nothing overrules it
 */
export function checkSingleTexts(
  {
    labels,
    finetuningTask,
    isCrossEncoder,
  }: Pick<ExportedConfig, 'labels' | 'finetuningTask' | 'isCrossEncoder'>,
  task: TaskName | null,
): string[] {
  const evidence = pairEvidence(labels ?? [], finetuningTask, isCrossEncoder);
  if (evidence === null) return [];
  if (task !== null) {
    return [
      `config.json looks like that of a model for pairs of texts (${evidence}): each text is sent alone, as --task was given`,
    ];
  }
  throw new StartError(
    `config.json is that of a model for pairs of texts (${evidence}): Serin sends one text at a time, and pairs are not served. ` +
      'If the model was trained on single texts, type --task text-classification.',
  );
}

function pairEvidence(
  labels: readonly string[],
  finetuningTask: string | null,
  isCrossEncoder: boolean,
): string | null {
  const label = labels.find((name) => PAIR_LABELS.test(name));
  if (label !== undefined) return `it has the label ${label}`;
  if (finetuningTask !== null && PAIR_TASKS.test(finetuningTask))
    return `finetuning_task is ${finetuningTask}`;
  return isCrossEncoder ? 'a CrossEncoder of sentence-transformers wrote it' : null;
}
