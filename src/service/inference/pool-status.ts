import type { ModelVersion } from '../../registry/model-version.js';

export interface InferenceStatus {
  readonly workersWanted: number;
  readonly workersReady: number;
  readonly spareReady: number;
  /** Texts of users that wait for a worker, and those that a worker has. */
  readonly queuedTexts: number;
  readonly runningTexts: number;
  /** Texts of background work, waiting or running. */
  readonly backgroundTexts: number;
  /** Workers lost since the start. */
  readonly restarts: number;
  readonly startFailuresInARow: number;
  /** `starting` until a worker has been ready once; `not_ready` when starts keep failing and no worker is left. */
  readonly state: 'starting' | 'ready' | 'not_ready' | 'closing';
}

/** One run of a worker, as it came back. */
export interface FinishedRun {
  /** Worker time in the model, without tokenization. */
  readonly inferenceMs: number;
  /** Rows times longest row. */
  readonly paddedTokens: number;
}

/** Must not throw. */
export type RunListener = (version: ModelVersion, run: FinishedRun) => void;

/** Must not throw. */
export type LossListener = (version: ModelVersion) => void;

/** What health and metrics may know of the worker pool; bound to the executor that owns it. */
export abstract class InferencePoolStatus {
  abstract status(): InferenceStatus;

  /** Called after each run, for whomever it was. */
  abstract onRun(listener: RunListener): void;

  /**
   * Called for each user's text whose worker died or hung with it and whose user has left since. That user was
   * answered DEADLINE_EXCEEDED, which alone does not tell a version that hangs from a service that is busy.
   */
  abstract onLoss(listener: LossListener): void;
}
