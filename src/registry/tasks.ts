/** The meaning of the output of a version's model; the manifest names it. */
export type TaskName = 'text-classification' | 'multi-label-classification' | 'binary-classification';

/** The properties of a task that manifests, imports and evaluations need; engine/tasks contains its computation. */
export interface TaskTraits {
  /** True when a text may have any number of the labels, false when it has exactly one. */
  readonly severalLabels: boolean;
  /** How many labels a version must have; null where every number will do. */
  readonly labelCount: number | null;
  /** Number of logits per row, for a number of labels. */
  readonly logits: (labels: number) => number;
}

export const TASK_TRAITS: Readonly<Record<TaskName, TaskTraits>> = {
  'text-classification': { severalLabels: false, labelCount: null, logits: (labels) => labels },
  'multi-label-classification': { severalLabels: true, labelCount: null, logits: (labels) => labels },
  /** One logit, for the second of two labels. */
  'binary-classification': { severalLabels: false, labelCount: 2, logits: () => 1 },
};

export const TASK_NAMES = Object.keys(TASK_TRAITS) as readonly TaskName[];

export const isTaskName = (value: unknown): value is TaskName => TASK_NAMES.some((name) => name === value);
