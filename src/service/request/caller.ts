import type { InferenceItem, Turn } from '../../engine/dispatch/executor.js';
import type { Departure } from './departure.js';

/** The choices of a request: the version that answers it, and the use of the caches. */
export interface Choice {
  /** Undefined means the default model. */
  readonly model?: string | undefined;
  /** Undefined means that the rollout decides. */
  readonly version?: string | undefined;
  /** Identifies the user of the request; when undefined, each text is its own key. */
  readonly routingKey?: string | undefined;
  /** Whether the answer must be computed even if a cache has it. */
  readonly refresh?: boolean;
}

/**
 * The caller of a request, in any wire format. It travels with each text to the queue. Answers for `internal` callers
 * are no evidence about a version.
 */
export interface Caller extends Turn, Choice {
  readonly requestId: string;
  /** `performance.now()` at arrival; latencies count from here. */
  readonly startedAt: number;
  /** The client's leaving before the answer; absent for a caller that stays. */
  readonly departure?: Departure;
  /**
   * Called with the model and the picked versions before any look-up, so that the log line contains them even when the
   * client leaves during the look-up. The deadline of the caller may depend on the work.
   * @param aloneMs predicted milliseconds of the texts on an idle service
   */
  picked?(model: string, items: readonly InferenceItem[], aloneMs: () => number): void;
}
