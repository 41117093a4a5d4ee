import type { AppError } from '../../base/errors/app-error.js';
import type { ErrorCode } from '../../base/errors/codes.js';
import { newSpanId, type TraceParent } from './request-ids.js';
import type { RequestRecord, StageTimings } from './request-record.js';

const NO_TIMINGS: StageTimings = {
  receiveMs: null,
  cacheMs: null,
  joinMs: null,
  queueMs: null,
  transferMs: null,
  tokenizeMs: null,
  inferenceMs: null,
  eventLoopMs: null,
  serialiseMs: null,
};

const between = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : to - from;

/** How a request ended, as {@link RequestContext.end} takes it. */
export type RequestEnd = Pick<RequestRecord, 'status' | 'aborted' | 'failure'>;

/**
 * What is known about the request in progress. The request middleware creates it, the stages write to it, and
 * Server-Timing is made from it. When the response has closed it becomes the record that observers get: a copy would
 * cost each cache hit more than its look-up.
 */
export class RequestContext implements RequestRecord {
  /** `performance.now()` at arrival. */
  readonly startedAt = performance.now();
  /** `performance.now()` at which the answer is worthless. */
  deadlineAt: number;
  method: string | null = null;
  /** Template of the route, `unmatched` where there is none. */
  route = 'unmatched';
  dialect = 'native';
  /** Name of the API key that the request came with. */
  apiKeyName: string | null = null;
  /** What counts as one client of the address that the request came from; null for what could not be read as one. */
  network: string | null = null;
  /** True once the request was refused before a handler saw it. */
  isRejected = false;
  status = 0;
  aborted = false;
  failure: AppError | null = null;
  latencyMs = 0;
  timings = NO_TIMINGS;
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
  private ownSpanId: string | undefined;

  constructor(
    readonly requestId: string,
    private readonly trace: TraceParent | null,
    timeoutMs: number,
  ) {
    this.deadlineAt = this.startedAt + timeoutMs;
  }

  get traceId(): string | null {
    return this.trace?.traceId ?? null;
  }

  get parentSpanId(): string | null {
    return this.trace?.parentSpanId ?? null;
  }

  get traceFlags(): string | null {
    return this.trace?.flags ?? null;
  }

  get spanId(): string {
    this.ownSpanId ??= newSpanId();
    return this.ownSpanId;
  }

  get client(): string | null {
    if (this.apiKeyName !== null) return `key:${this.apiKeyName}`;
    return this.network === null ? null : `address:${this.network}`;
  }

  get rejection(): ErrorCode | null {
    return this.isRejected ? (this.failure?.code ?? null) : null;
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

  /** The response has closed: from now on this is the record of the request. */
  end({ status, aborted, failure }: RequestEnd): void {
    this.latencyMs = this.elapsedMs();
    this.timings = this.stages(this.latencyMs);
    this.status = status;
    this.aborted = aborted;
    this.failure = failure;
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
