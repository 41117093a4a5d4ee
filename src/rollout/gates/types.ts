import type { Evidence } from '../evidence/counts.js';

export type { GateSettings } from '../../base/config/rollout-config.js';

/** What the verdict looks at: one snapshot, summed over replicas. */
export interface GateEvidence {
  /** How many labels the two versions have between them. */
  readonly labelCount: number;
  readonly total: Evidence;
  readonly step: Evidence;
  /** The set of seen texts is full: no text counts as new any more. */
  readonly saturated: boolean;
}

/** Where the rollout stands. */
export interface StepInfo {
  /** The how-manieth step since the rollout began, from 1; a step that is entered again counts again. */
  readonly visit: number;
  /** What a promotion leads to: the next step's percent, or null where the canary becomes the stable version. */
  readonly nextPercent: number | null;
  /** Time spent in the step, pauses not counted. */
  readonly elapsedMs: number;
  readonly holdMs: number;
  /** Users get the stable answer only: the canary has no requests of its own. */
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
 * pass: good enough for this step. fail: proven to be over the limit. open: neither proven nor good enough yet.
 * not_enough_data: too little to judge by. off: not configured.
 */
export type GateState = 'pass' | 'fail' | 'open' | 'not_enough_data' | 'off';

/** What a figure counts in: a share 0 to 1, a ratio, a number of samples, milliseconds, the kpi's own unit. */
export type GateUnit = 'share' | 'ratio' | 'samples' | 'ms' | 'kpi';

/** One line of the verdict. `lower` and `upper` hold at all looks at once, each at the gate's part of alpha. */
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
