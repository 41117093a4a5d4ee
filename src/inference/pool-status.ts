export interface InferenceStatus {
  readonly workersWanted: number;
  readonly workersReady: number;
  readonly spareReady: number;
  readonly queuedTexts: number;
  readonly runningTexts: number;
  /** Workers lost since the start. */
  readonly restarts: number;
  readonly startFailuresInARow: number;
  /** `starting` until a worker has been ready once; `not_ready` when starts keep failing and no worker is left. */
  readonly state: 'starting' | 'ready' | 'not_ready' | 'closing';
}

/** What health and metrics may know of the worker pool; bound to the executor that owns it. */
export abstract class InferencePoolStatus {
  abstract status(): InferenceStatus;
}
