import type { RolloutMode } from '../base/config/rollout-config.js';
import type { Figures, FlipView } from './evidence/figures-view.js';
import type { Judgement, Verdict } from './gates/types.js';
import type { VerdictEstimate } from './verdict-pace.js';

/**
 * The types of a rollout. Fields that are written to disk, kept by a {@link RolloutStore} or sent by /admin are
 * snake_case here too.
 */

/**
 * idle: the canary gets no traffic, but is not marked as bad. running: the canary gets `percent` of the traffic (in
 * shadow mode, copies of a sample). paused: like running, but the ramp is stopped. promoted: the former canary is
 * stable. rolled_back: the canary gets no traffic until `clear`.
 */
export type RolloutPhase = 'idle' | 'running' | 'paused' | 'promoted' | 'rolled_back';

export const ROLLOUT_PHASES: readonly RolloutPhase[] = [
  'idle',
  'running',
  'paused',
  'promoted',
  'rolled_back',
];

/** Whether a rollout in this phase goes on: it runs or is paused. */
export const isUnderWay = (phase: RolloutPhase | undefined): boolean =>
  phase === 'running' || phase === 'paused';

/** The kind of a move. `step`: the ramp took its next step; `set`: an admin set a percentage or a version. */
export type MoveName =
  'start' | 'set' | 'step' | 'pause' | 'resume' | 'promote' | 'roll_back' | 'clear' | 'recover';

/** A version as it was when the rollout began. The digest is part of it, because the files behind a name may change. */
export interface VersionRef {
  readonly version: string;
  /** sha256 of manifest.json, hex. */
  readonly digest: string;
}

/** A policy as it was when the rollout began. */
export interface PolicyRef {
  readonly name: string;
  /** sha256 of its content, hex. */
  readonly digest: string;
}

/**
 * A candidate of a rollout, as the state contains it. A replica of a release without policies reads only the version.
 */
export interface CandidateRef extends VersionRef {
  /** Absent or null when there is no policy. */
  readonly policy?: PolicyRef | null;
}

/** One step of the ramp. */
export interface PlanStep {
  readonly percent: number;
  readonly hold_ms: number;
}

/** The origin of a move, and the reason for it. */
export interface MoveCause {
  readonly by: CauseName;
  /** A sentence for people: the gate's verdict, the reason that an admin gave, the key of the file. */
  readonly detail: string;
  /** Id of the call under /admin; null for all other causes. */
  readonly request_id: string | null;
}

export type CauseName = 'admin' | 'gate' | 'ramp' | 'configuration' | 'environment' | 'recovery';

export const CAUSES: readonly CauseName[] = [
  'admin',
  'gate',
  'ramp',
  'configuration',
  'environment',
  'recovery',
];

/** The state before or after a move. */
export interface MovePoint {
  readonly phase: RolloutPhase;
  readonly stable: string;
  readonly canary: string | null;
  readonly percent: number;
}

/** One move of the history. */
export interface RolloutMove {
  /** Revision of the state after the move. */
  readonly revision: number;
  /** Wall clock, ISO 8601; for display only. */
  readonly at: string;
  readonly move: MoveName;
  readonly from: MovePoint;
  readonly to: MovePoint;
  readonly cause: MoveCause;
  readonly forced: boolean;
  /** The measurements at that moment; null where nothing was measured. */
  readonly figures: MoveFigures | null;
}

/** Summary of the whole rollout's measurements at the moment of a move. */
export interface MoveFigures {
  readonly verdict: Verdict;
  readonly elapsed_in_step_ms: number;
  readonly pairs: number;
  readonly disagreements: number;
  readonly stable_requests: number;
  readonly stable_errors: number;
  readonly canary_requests: number;
  readonly canary_errors: number;
}

/** A candidate that gets no traffic until `clear`. */
export interface RolledBackDigest extends CandidateRef {
  readonly at: string;
  readonly reason: string;
}

/**
 * The origin of this rollout. It is compared with CANARY_PERCENT and the file later, to find out whether either has
 * changed.
 */
export interface RolloutOrigin {
  readonly by: 'admin' | 'configuration' | 'environment' | 'recovery';
  /** CANARY_PERCENT at the beginning; null when it did not begin the rollout. */
  readonly canary_percent: number | null;
}

/** The state of one model's rollout, which is stored so that it survives a killed process. */
export interface RolloutDocument {
  readonly schema: 1;
  readonly model: string;
  /** Number of moves so far; saving progress does not change it. */
  readonly revision: number;
  /** Unique id of this rollout. Another pair of versions, or a new start of the same pair, gets a new id. */
  readonly rollout_id: string;
  readonly phase: RolloutPhase;
  readonly mode: RolloutMode;
  readonly stable: CandidateRef;
  readonly canary: CandidateRef | null;
  /** The stable candidate before the last promotion; it stays loaded. */
  readonly last_good: CandidateRef | null;
  /** Share of the canary in this state, 0 to 100. CANARY_PERCENT=0 holds the effective share at 0 nevertheless. */
  readonly percent: number;
  /** Number of steps entered since the rollout began, from 1. A percentage that is entered again counts again. */
  readonly visit: number;
  /** Ascending by percent. The current step is the last one whose percent is not above `percent`. */
  readonly steps: readonly PlanStep[];
  /** Time for which the canary has served at `percent`, by a monotonic clock. It continues after a restart. */
  readonly elapsed_in_step_ms: number;
  /** Wall clock of the last change of phase or percent; for display only. */
  readonly since: string;
  /** True when an admin forced a version that is not accepted. */
  readonly forced: boolean;
  /**
   * True from the first move by admin, gate or ramp. From then on, this state outranks CANARY_PERCENT above 0 and the
   * file.
   */
  readonly moved: boolean;
  readonly origin: RolloutOrigin;
  /** Fingerprint of the last applied section of the file, with the digests of its versions. */
  readonly configuration: string;
  readonly rolled_back: readonly RolledBackDigest[];
  /** Oldest first, bounded. */
  readonly history: readonly RolloutMove[];
}

/** In order of rank, highest first. */
export type DecidedBy = 'rolled_back' | 'canary_percent_0' | 'state' | 'canary_percent' | 'file';

/** The source that decides about the canary's share now, and its decision. */
export interface ShareDecision {
  readonly decided_by: DecidedBy;
  /** Effective share, 0 to 100; in shadow mode 0. */
  readonly percent: number;
  /** The reason, as a sentence for people. */
  readonly sentence: string;
  /** True when CANARY_PERCENT or the file still asks for a canary that is already stable. */
  readonly already_promoted: boolean;
}

/** Why a version was picked for a text. */
export type PickRole = 'stable' | 'canary' | 'pinned';

/** A version as GET /admin/canary shows it. */
export interface VersionView extends VersionRef {
  /** Its state in the registry, e.g. `ready`; `missing` when the registry no longer has this digest. */
  readonly state: string;
  /** Whether it may get traffic without being forced. */
  readonly accepted: boolean;
  /** The reason: a sentence about "it", without its full stop. */
  readonly acceptance_reason: string;
}

/** The current step of the ramp. */
export interface StepView {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly percent: number;
  readonly hold_ms: number;
  readonly elapsed_ms: number;
  /** Percent of the next step; null at the last step, which is followed by the promotion. */
  readonly next_percent: number | null;
}

/** Body of GET /admin/canary/{model}, and of every change under it. */
export interface RolloutView {
  readonly model_name: string;
  readonly revision: number;
  readonly rollout_id: string | null;
  readonly phase: RolloutPhase;
  readonly mode: RolloutMode;
  readonly stable: VersionView | null;
  readonly canary: VersionView | null;
  readonly last_good: VersionView | null;
  readonly forced: boolean;
  /** The canary's share of new requests now. */
  readonly percent: number;
  /** The share in the state; differs from `percent` while a source of higher rank holds the share down. */
  readonly state_percent: number;
  readonly step: StepView | null;
  readonly since: string | null;
  readonly decided_by: DecidedBy;
  readonly decided_because: string;
  readonly already_promoted: boolean;
  /** One row per gate; null while there is nothing to judge. */
  readonly verdict: Judgement | null;
  /** When there will be enough samples for a verdict; null while there is nothing to judge. */
  readonly verdict_estimate: VerdictEstimate | null;
  /** Figures of both sides, for this step and in total; null while there are none. */
  readonly figures: Figures | null;
  /** At most 50 of the texts that the two versions label differently, in no particular order. */
  readonly flips: readonly FlipView[];
  /** Texts of the canary that are being answered now. */
  readonly in_flight: number;
  readonly rolled_back: readonly RolledBackDigest[];
  /**
   * Sentences for people about problems that keep the rollout from going on as configured; empty when there are none.
   */
  readonly problems: readonly string[];
  readonly history: readonly RolloutMove[];
}
