/** What the output of a version's model means; its manifest names it. */
export type TaskName = 'text-classification' | 'multi-label-classification' | 'binary-classification';

/** What a manifest, an import and an evaluation must know of a task; what it computes is in engine/tasks. */
export interface TaskTraits {
  /** True when a text may have any number of the labels, false when it has exactly one. */
  readonly severalLabels: boolean;
  /** How many labels a version must have; null for no fixed number. */
  readonly labelCount: number | null;
  /** Logits that the model answers per row, for a number of labels. */
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
