import type { ClientShare } from '../../engine/dispatch/client-shares.js';
import type { StartFailures } from '../../engine/pool/start-backoff.js';
import type { ModelVersion } from '../../registry/model-version.js';

export interface InferenceStatus {
  readonly workersWanted: number;
  readonly workersReady: number;
  readonly spareReady: number;
  /** Users' texts that wait for a worker; `runningTexts` are those that a worker has. */
  readonly queuedTexts: number;
  readonly runningTexts: number;
  /** Texts of background work, waiting or running. */
  readonly backgroundTexts: number;
  /** Workers lost since the start. */
  readonly restarts: number;
  readonly startFailuresInARow: StartFailures;
  /**
   * `starting` until a worker has been ready for the first time; `not_ready` when starts keep failing and no worker is
   * left.
   */
  readonly state: 'starting' | 'ready' | 'not_ready' | 'closing';
}

/** One completed run of a worker. */
export interface FinishedRun {
  /** Worker time in the model, without tokenization. */
  readonly inferenceMs: number;
  /** Padded tokens of the run: rows times the length of the longest row. */
  readonly paddedTokens: number;
}

/** Must not throw. */
export type RunListener = (version: ModelVersion, run: FinishedRun) => void;

/** Must not throw. */
export type LossListener = (version: ModelVersion) => void;

/** The view of the worker pool for health and metrics; bound to the executor that owns the pool. */
export abstract class InferencePoolStatus {
  abstract status(): InferenceStatus;

  /** The clients whose texts the workers have computed most in the last seconds, the first one most. */
  abstract largestClients(limit: number): readonly ClientShare[];

  /** Adds a listener that is called after each run, for users' texts and for background texts. */
  abstract onRun(listener: RunListener): void;

  /**
   * Adds a listener that is called for each user's text when its worker died or hung and the user has already left.
   * That user got DEADLINE_EXCEEDED, and this code alone does not distinguish a hanging version from a busy service.
   */
  abstract onLoss(listener: LossListener): void;
}
