import type { Figures } from '../../../rollout/evidence/figures-view.js';
import type { Judgement } from '../../../rollout/gates/types.js';
import type { SeriesDocument } from '../../../rollout/evidence/series.js';
import type { RolloutMove, VersionRef } from '../../../rollout/rollout-types.js';
import type { DrillPart } from './part-recorder.js';

export type DrillDecision = 'promote' | 'hold' | 'roll_back';

/** The rollback in the middle of a drill, timed. */
export interface RollbackExercise {
  /** Until the service had answered the call. */
  readonly call_ms: number;
  /** Requests that clients sent after that answer, and those of them that the canary served: none is right. */
  readonly requests_after: number;
  readonly canary_after: number;
  /**
   * From the answer to the first moment from which no request that was sent is served by the canary; 0 when none was.
   */
  readonly clean_after_ms: number;
  /** Requests that were under way when the call was answered, and which the canary answered then. */
  readonly in_flight: number;
  /** From the answer of the call to the end of the last of these. */
  readonly drained_ms: number;
  /** Texts of the canary that the service still counts at the end of the exercise. */
  readonly left: number;
  /** Requests that failed from the moment of the call to the end of the exercise. */
  readonly failed: number;
  readonly observed_for_ms: number;
  readonly passed: boolean;
}

/** Why a drill ended before its time. */
export interface DrillEnd {
  readonly kind: 'done' | 'interrupted' | 'moved' | 'service_gone';
  /** For people; empty when it is done. */
  readonly sentence: string;
}

/** The report of a drill. It contains no text of the traffic. */
export interface DrillReport {
  readonly schema: 1;
  readonly kind: 'canary_drill';
  readonly model_name: string;
  readonly stable: VersionRef;
  readonly canary: VersionRef;
  readonly rollout_id: string;
  readonly started_at: string;
  readonly ended_at: string;
  readonly percent: number;
  readonly planned_s: number;
  readonly load: {
    readonly traffic: string;
    readonly rate_per_s: number;
    readonly connections: number;
  };
  readonly end: DrillEnd;
  readonly decision: DrillDecision;
  /** One sentence each; reasons against a promotion come first. */
  readonly reasons: readonly string[];
  /** With the canary at its share: before the rollback, and after it. */
  readonly parts: readonly DrillPart[];
  readonly rollback: RollbackExercise | null;
  readonly verdict: Judgement | null;
  readonly figures: Figures | null;
  readonly moves: readonly RolloutMove[];
  readonly series: SeriesDocument;
  /** The canary's share when the drill had ended; null when the service could not be asked. */
  readonly left_at_percent: number | null;
}
