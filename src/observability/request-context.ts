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
export class RequestContext implements StageTimings {
  /** `performance.now()` at arrival. */
  readonly startedAt = performance.now();
  /** `performance.now()` at which the answer is worthless. */
  deadlineAt: number;
  /** Template of the route, `unmatched` where there is none. */
  route = 'unmatched';
  /** Name of the API key that the request came with. */
  apiKeyName: string | null = null;
  cacheHit = false;
  cacheLevel: 'memory' | 'redis' | null = null;
  modelName: string | null = null;
  modelVersion: string | null = null;
  tokens: number | null = null;
  truncated: boolean | null = null;
  queueMs: number | null = null;
  tokenizeMs: number | null = null;
  inferenceMs: number | null = null;
  batchSize: number | null = null;
  /** Set by /predict_batch alone. */
  texts: number | null = null;
  cacheHits: number | null = null;
  textsPerVersion: Record<string, number> | null = null;
  /** What was asked for, kept only when LOG_TEXT allows it. */
  loggedText: string | readonly unknown[] | null = null;

  private left = false;
  private controller: AbortController | undefined;

  constructor(
    readonly requestId: string,
    readonly traceId: string | null,
    timeoutMs: number,
  ) {
    this.deadlineAt = this.startedAt + timeoutMs;
  }

  /** Fires when the client has gone before the answer. Made when first asked for: most routes never do. */
  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.left) this.controller.abort();
    }
    return this.controller.signal;
  }

  /** The client has gone before the answer. */
  clientLeft(): void {
    this.left = true;
    this.controller?.abort();
  }

  /** Milliseconds since arrival. */
  elapsedMs(): number {
    return performance.now() - this.startedAt;
  }
}

const CONTEXT = Symbol('request context');

interface WithContext {
  [CONTEXT]?: RequestContext;
}

/** Ties a request's context to the response that answers it. */
export function attachContext(response: object, context: RequestContext): void {
  (response as WithContext)[CONTEXT] = context;
}

/**
 * The context of the request that a response answers; undefined when the request middleware has not run. It hangs on
 * the response, not in an AsyncLocalStorage: on Node 20 that hooks into every promise, and 3 to 5 % of the requests
 * that the machine can serve went there (ADR 9).
 */
export function contextOf(response: object): RequestContext | undefined {
  return (response as WithContext)[CONTEXT];
}
