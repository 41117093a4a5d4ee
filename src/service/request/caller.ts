import type { InferenceItem, Turn } from '../../engine/dispatch/executor.js';

/** What a request may say about the version that is to answer it, and about caches. */
export interface Choice {
  /** Undefined: the default model. */
  readonly model?: string | undefined;
  /** Undefined: the rollout decides. */
  readonly version?: string | undefined;
  /** Who the request is for; undefined: each text is its own key. */
  readonly routingKey?: string | undefined;
  /** Whether the answer must be computed, whatever the caches hold. */
  readonly refresh?: boolean;
}

/**
 * Who asks, whatever the wire format. It travels with each text to the queue; answers for `internal` callers are no
 * evidence about a version.
 */
export interface Caller extends Turn, Choice {
  readonly requestId: string;
  /** `performance.now()` at arrival, from which latencies count. */
  readonly startedAt: number;
  /** Fires when the client has gone. */
  readonly signal?: AbortSignal;
  /**
   * Told the model and the picked versions before anything is looked up, so that the log line has them also when the
   * client leaves meanwhile.
   */
  picked?(model: string, items: readonly InferenceItem[]): void;
}
