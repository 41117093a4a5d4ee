import type { ModelVersion } from '../../registry/model-version.js';
import type { TaskName } from '../../registry/tasks.js';
import { BINARY_CLASSIFICATION } from './binary-classification.js';
import { labelTask, labelWorkerTask, type LabelTask } from './labels.js';
import { MULTI_LABEL_CLASSIFICATION } from './multi-label-classification.js';
import type { Comparer, Task, Value, VersionFacts, WorkerTask } from './task.js';
import { TEXT_CLASSIFICATION } from './text-classification.js';

interface Halves {
  readonly worker: WorkerTask;
  readonly task: Task;
}

const ofLabels = (labels: LabelTask): Halves => ({
  worker: labelWorkerTask(labels),
  task: labelTask(labels),
});

/** Every task that a manifest may name. */
const TASKS: Readonly<Record<TaskName, Halves>> = {
  'text-classification': ofLabels(TEXT_CLASSIFICATION),
  'multi-label-classification': ofLabels(MULTI_LABEL_CLASSIFICATION),
  'binary-classification': ofLabels(BINARY_CLASSIFICATION),
};

/** The half that runs in the worker process. */
export const workerTaskOf = ({ task }: { readonly task: TaskName }): WorkerTask => TASKS[task].worker;

/** The half that everything else uses. */
export const taskNamed = (name: TaskName): Task => TASKS[name].task;

export const taskOf = ({ manifest }: Pick<ModelVersion, 'manifest'>): Task => taskNamed(manifest.task);

/** The facts about a version that a comparison needs. */
export const factsOf = ({ manifest }: Pick<ModelVersion, 'manifest'>): VersionFacts => ({
  labels: manifest.labels,
  thresholds: null,
  maxTokens: manifest.pipeline === undefined ? manifest.max_tokens : null,
});

const comparers = new WeakMap<ModelVersion, Comparer>();

/** The labels that a version gives a text, by their index in its manifest; equal lists are one object. */
export function saidBy(version: ModelVersion, value: Value): readonly number[] {
  let comparer = comparers.get(version);
  if (comparer === undefined) {
    const facts = factsOf(version);
    comparer = taskOf(version).pair(facts, facts);
    comparers.set(version, comparer);
  }
  return comparer.said('stable', value);
}
