/**
 * Where one request's time went, in milliseconds; null where the stage did not happen. In this order they follow one
 * another; docs/architecture.md says where each begins and ends.
 */
export interface StageTimings {
  readonly receiveMs: number | null;
  readonly cacheMs: number | null;
  readonly joinMs: number | null;
  readonly queueMs: number | null;
  readonly transferMs: number | null;
  readonly tokenizeMs: number | null;
  readonly inferenceMs: number | null;
  readonly eventLoopMs: number | null;
  readonly serialiseMs: number | null;
}

const between = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from;

/**
 * What is known about the request in progress. The request middleware creates it, the stages write to it,
 * and the log line, the metrics and Server-Timing are made from it when the response closes.
 */
export class RequestContext {
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
  /** `performance.now()` when the cache was asked. */
  receivedAt: number | null = null;
  /** `performance.now()` when the look-ups of a text that memory lacked were over. */
  lookedUpAt: number | null = null;
  /** `performance.now()` when that text's result was there. */
  resultAt: number | null = null;
  /** `performance.now()` when the request went on with what the cache had answered. */
  turnAt: number | null = null;
  joinMs: number | null = null;
  queueMs: number | null = null;
  transferMs: number | null = null;
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

  /**
   * The stages so far.
   * @param elapsedMs since arrival: where the last stage ends
   */
  stages(elapsedMs: number): StageTimings {
    const { receivedAt, lookedUpAt, turnAt } = this;
    return {
      receiveMs: between(this.startedAt, receivedAt),
      // What memory had was there when the request went on.
      cacheMs: between(receivedAt, lookedUpAt ?? turnAt),
      joinMs: this.joinMs,
      queueMs: this.queueMs,
      transferMs: this.transferMs,
      tokenizeMs: this.tokenizeMs,
      inferenceMs: this.inferenceMs,
      eventLoopMs: between(this.resultAt, turnAt),
      serialiseMs: between(turnAt, this.startedAt + elapsedMs),
    };
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
