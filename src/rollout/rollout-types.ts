import type { RolloutMode } from '../base/config/rollout-config.js';
import type { Figures, FlipView } from './evidence/figures-view.js';
import type { Judgement, Verdict } from './gates/types.js';

/**
 * The words of a rollout. What is written to disk, kept by a {@link RolloutStore} or answered by /admin is
 * snake_case, as it stands there.
 */

/**
 * idle: the canary gets nothing, and nobody said that it is bad. running: it gets `percent` (in shadow mode a copy
 * of a sample). paused: as running, but the ramp stands still. promoted: the former canary is stable.
 * rolled_back: it gets nothing until `clear`.
 */
export type RolloutPhase = 'idle' | 'running' | 'paused' | 'promoted' | 'rolled_back';

export const ROLLOUT_PHASES: readonly RolloutPhase[] = [
  'idle',
  'running',
  'paused',
  'promoted',
  'rolled_back',
];

/** What happened to a rollout. `step`: the ramp went on; `set`: an admin named a percentage or a version. */
export type MoveName =
  'start' | 'set' | 'step' | 'pause' | 'resume' | 'promote' | 'roll_back' | 'clear' | 'recover';

/** A version as it was when the rollout began: a name alone may hold other files tomorrow. */
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

/** A candidate of a rollout, as its state is written. A replica that knows no policies reads the version alone. */
export interface CandidateRef extends VersionRef {
  /** Not written where there is none; null means the same. */
  readonly policy?: PolicyRef | null;
}

/** One step of the ramp. */
export interface PlanStep {
  readonly percent: number;
  readonly hold_ms: number;
}

/** Who moved the rollout, and why. */
export interface MoveCause {
  readonly by: CauseName;
  /** A sentence for people: the gate's verdict, the reason that an admin gave, the key of the file. */
  readonly detail: string;
  /** Of the call under /admin; null for everybody else. */
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

/** Where a move led from and to. */
export interface MovePoint {
  readonly phase: RolloutPhase;
  readonly stable: string;
  readonly canary: string | null;
  readonly percent: number;
}

/** One move of the history. */
export interface RolloutMove {
  /** Revision that the move made. */
  readonly revision: number;
  /** Wall clock, ISO 8601; shown, never calculated with. */
  readonly at: string;
  readonly move: MoveName;
  readonly from: MovePoint;
  readonly to: MovePoint;
  readonly cause: MoveCause;
  readonly forced: boolean;
  /** What was known at that moment; null where nothing was measured. */
  readonly figures: MoveFigures | null;
}

/** The whole rollout in a few counts, at the moment of a move. */
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

/** A candidate that gets nothing until `clear`. */
export interface RolledBackDigest extends CandidateRef {
  readonly at: string;
  readonly reason: string;
}

/** Who began this rollout: what the variable or the file said then tells later whether either has changed. */
export interface RolloutOrigin {
  readonly by: 'admin' | 'configuration' | 'environment' | 'recovery';
  /** CANARY_PERCENT at that time; null where it did not begin the rollout. */
  readonly canary_percent: number | null;
}

/** The state of one model's rollout: what survives a kill. */
export interface RolloutDocument {
  readonly schema: 1;
  readonly model: string;
  /** Counts the moves; a save without a move keeps it. */
  readonly revision: number;
  /** Names this rollout among all: a new pair of versions, or a new start, is a new one. */
  readonly rollout_id: string;
  readonly phase: RolloutPhase;
  readonly mode: RolloutMode;
  readonly stable: CandidateRef;
  readonly canary: CandidateRef | null;
  /** Stable before the last promotion; stays loaded. */
  readonly last_good: CandidateRef | null;
  /** Share of the canary by this state, 0 to 100. CANARY_PERCENT=0 may hold it at 0 all the same. */
  readonly percent: number;
  /** The how-manieth percentage since the rollout began, from 1; one that is entered again counts again. */
  readonly visit: number;
  /** Ascending; the step in force is the last whose percent is not above `percent`. */
  readonly steps: readonly PlanStep[];
  /** Time spent at `percent` with the canary serving, counted by a monotonic clock, over restarts. */
  readonly elapsed_in_step_ms: number;
  /** Wall clock of the last change of phase or percent; shown, never calculated with. */
  readonly since: string;
  /** True when an admin forced a version that is not accepted. */
  readonly forced: boolean;
  /** True from the first move by admin, gate or ramp: from then on this state outranks variable and file. */
  readonly moved: boolean;
  readonly origin: RolloutOrigin;
  /** Fingerprint of the file's section (with the digests of its versions) that was last taken into account. */
  readonly configuration: string;
  readonly rolled_back: readonly RolledBackDigest[];
  /** Oldest first, bounded. */
  readonly history: readonly RolloutMove[];
}

/** Highest first. */
export type DecidedBy = 'rolled_back' | 'canary_percent_0' | 'state' | 'canary_percent' | 'file';

/** Who decides about the canary's share now, and what they say. */
export interface ShareDecision {
  readonly decided_by: DecidedBy;
  /** Effective share, 0 to 100; in shadow mode 0. */
  readonly percent: number;
  /** Says why, for people. */
  readonly sentence: string;
  /** True when variable or file still ask for a canary that is stable already. */
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
  /** Why, in a sentence without its stop, about "it". */
  readonly acceptance_reason: string;
}

/** Where the ramp stands. */
export interface StepView {
  /** From 1. */
  readonly number: number;
  readonly of: number;
  readonly percent: number;
  readonly hold_ms: number;
  readonly elapsed_ms: number;
  /** The step to come; null at the last, after which comes the promotion. */
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
  /** What new requests meet now. */
  readonly percent: number;
  /** What the state says; differs from `percent` while something of a higher rank holds it down. */
  readonly state_percent: number;
  readonly step: StepView | null;
  readonly since: string | null;
  readonly decided_by: DecidedBy;
  readonly decided_because: string;
  readonly already_promoted: boolean;
  /** With one row per gate; null while there is nothing to judge. */
  readonly verdict: Judgement | null;
  /** Both sides, this step and in total; null while there is nothing to show. */
  readonly figures: Figures | null;
  /** Some of the texts that the two versions label differently, in no order; at most 50. */
  readonly flips: readonly FlipView[];
  /** Texts of the canary that are being answered now. */
  readonly in_flight: number;
  readonly rolled_back: readonly RolledBackDigest[];
  /** What keeps the rollout from going on as configured, for people; empty when all is well. */
  readonly problems: readonly string[];
  readonly history: readonly RolloutMove[];
}
