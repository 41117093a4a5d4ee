import type { AppError } from '../../base/errors/app-error.js';
import type { ErrorCode } from '../../base/errors/codes.js';
import { Departure } from './departure.js';
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

/** The result of a request, the argument of {@link RequestContext.end}. */
export type RequestEnd = Pick<RequestRecord, 'status' | 'aborted' | 'failure'>;

/**
 * The state of the request in progress. The request middleware creates it, the stages write to it, and Server-Timing is
 * derived from it. When the response has closed, observers get this object as the request's record: a copy would cost
 * each cache hit more than its look-up.
 */
export class RequestContext implements RequestRecord {
  /** `performance.now()` at arrival. */
  readonly startedAt = performance.now();
  /** Milliseconds that the client gives the request; null when it does not say. */
  wantedMs: number | null = null;
  /** The deadline of a request about one text, on the clock of `performance.now()`. */
  deadlineAt: number;
  method: string | null = null;
  /** Template of the route; `unmatched` when there is none. */
  route = 'unmatched';
  dialect = 'native';
  asksModel = false;
  /** Name of the API key that the request came with. */
  apiKeyName: string | null = null;
  /**
   * The client's network, derived from its address (see clientNetwork); null when the input could not be read as a
   * request.
   */
  network: string | null = null;
  /** True when the request counts against the rate of its client, which is then charged for each of its texts. */
  countsAgainstRate = false;
  /** True when the request was refused before it reached a handler. */
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
  /** `performance.now()` when the handler asked the cache. */
  receivedAt: number | null = null;
  /** `performance.now()` when the look-ups ended for a text that was not in memory. */
  lookedUpAt: number | null = null;
  /** `performance.now()` when the result of that text arrived. */
  resultAt: number | null = null;
  /** `performance.now()` when the handler continued with the cache's answer. */
  turnAt: number | null = null;
  joinMs: number | null = null;
  queueMs: number | null = null;
  transferMs: number | null = null;
  tokenizeMs: number | null = null;
  inferenceMs: number | null = null;
  batchSize: number | null = null;
  /** Set only by requests of several texts. */
  texts: number | null = null;
  cacheHits: number | null = null;
  textsPerVersion: Record<string, number> | null = null;
  failed: number | null = null;
  failedPerCode: Partial<Record<ErrorCode, number>> | null = null;
  /** The texts of the request; kept only when LOG_TEXT allows it. */
  loggedText: string | readonly unknown[] | null = null;

  /** Created at the first use, because most answers do not need it. */
  private knownDeparture: Departure | undefined;
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

  /** The client's leaving before the answer. */
  get departure(): Departure {
    return (this.knownDeparture ??= new Departure());
  }

  /** Completes the record when the response has closed. */
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
   * @param elapsedMs milliseconds since arrival at which the last stage ends
   */
  stages(elapsedMs: number): StageTimings {
    const { receivedAt, lookedUpAt, turnAt } = this;
    return {
      receiveMs: between(this.startedAt, receivedAt),
      // An answer in memory arrives at the moment when the handler continues.
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

/** Attaches a request's context to its response. */
export function attachContext(response: object, context: RequestContext): void {
  (response as WithContext)[CONTEXT] = context;
}

/**
 * The context of a response's request; undefined when the request middleware has not run. It is attached to the
 * response and not kept in an AsyncLocalStorage, because on Node 20 that storage hooks into every promise and cost 3 to
 * 5 % of the machine's throughput (ADR 9).
 */
export function contextOf(response: object): RequestContext | undefined {
  return (response as WithContext)[CONTEXT];
}
