import { AsyncLocalStorage } from 'node:async_hooks';

/** Where one request's time went, in milliseconds; null where the stage did not happen. */
export interface StageTimings {
  queueMs: number | null;
  tokenizeMs: number | null;
  inferenceMs: number | null;
}

/**
 * What is known about the request in progress. The request middleware creates it, the stages write to it,
 * and the log line, the metrics and Server-Timing are made from it when the response closes.
 */
export interface RequestContext extends StageTimings {
  readonly requestId: string;
  readonly traceId: string | null;
  /** `performance.now()` at arrival. */
  readonly startedAt: number;
  /** `performance.now()` at which the answer is worthless; null for routes without a deadline. */
  deadlineAt: number;
  /** Fires when the client has gone before the answer. */
  readonly signal: AbortSignal;
  cacheHit: boolean;
  cacheLevel: 'memory' | 'redis' | null;
  modelName: string | null;
  modelVersion: string | null;
  tokens: number | null;
  truncated: boolean | null;
  batchSize: number | null;
  /** Set by /predict_batch alone. */
  texts: number | null;
  cacheHits: number | null;
  textsPerVersion: Record<string, number> | null;
  code: string | null;
}

/** The context of the request that the current call belongs to. */
export const requestContext = new AsyncLocalStorage<RequestContext>();
