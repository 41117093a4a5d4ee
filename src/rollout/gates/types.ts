import type { Evidence } from '../evidence/counts.js';

export type { GateSettings } from '../../base/config/rollout-config.js';

/** The evidence for a verdict: one snapshot, summed over replicas. */
export interface GateEvidence {
  /** Number of distinct labels of the two versions together. */
  readonly labelCount: number;
  readonly total: Evidence;
  readonly step: Evidence;
  /** The set of seen texts is full: no text counts as new any more. */
  readonly saturated: boolean;
}

/** The current step of the rollout. */
export interface StepInfo {
  /** Number of steps entered since the rollout began, from 1. A step that is entered again counts again. */
  readonly visit: number;
  /** The next step's percent; null at the last step, after which the canary becomes the stable version. */
  readonly nextPercent: number | null;
  /** Time spent in the step, pauses not counted. */
  readonly elapsedMs: number;
  readonly holdMs: number;
  /** True when users get only the stable answer, so that the canary has no requests of its own. */
  readonly shadow: boolean;
}

export type GateName =
  | 'minimum_samples'
  | 'hold_time'
  | 'disagreement'
  | 'error_rate_increase'
  | 'latency_ratio'
  | 'label_share_shift'
  | 'feedback_accuracy_drop'
  | 'kpi_drop';

/**
 * pass: good enough for this step. fail: proven to be above the limit. open: not proven to be above the limit, but not
 * good enough yet. not_enough_data: too few samples. off: not configured.
 */
export type GateState = 'pass' | 'fail' | 'open' | 'not_enough_data' | 'off';

/** The unit of a figure: a share from 0 to 1, a ratio, a number of samples, milliseconds, or the kpi's own unit. */
export type GateUnit = 'share' | 'ratio' | 'samples' | 'ms' | 'kpi';

/** One line of the verdict. `lower` and `upper` are valid at all looks together, at the gate's part of alpha. */
export interface GateRow {
  readonly gate: GateName;
  readonly state: GateState;
  readonly unit: GateUnit;
  readonly observed: number | null;
  readonly limit: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  /** Samples behind `observed`: distinct pairs, canary requests, canary runs, or canary feedback. */
  readonly n: number;
  /** The row in words. */
  readonly sentence: string;
}

export type Verdict = 'promote' | 'hold' | 'roll_back' | 'not_enough_data';

export interface Judgement {
  readonly verdict: Verdict;
  readonly gates: readonly GateRow[];
}
