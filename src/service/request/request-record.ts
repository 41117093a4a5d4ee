import type { AppError } from '../../base/errors/app-error.js';
import type { ErrorCode } from '../../base/errors/codes.js';

/**
 * The time of one request per stage, in milliseconds; null when the stage did not happen. The stages follow one another
 * in this order; docs/architecture.md defines where each begins and ends.
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

/** The record of a request after its response has closed. It references neither the request nor the response. */
export interface RequestRecord {
  readonly requestId: string;
  /** The three fields of the request's W3C `traceparent`, hexadecimal; null when it has no valid one. */
  readonly traceId: string | null;
  readonly parentSpanId: string | null;
  readonly traceFlags: string | null;
  /** Our own span id: 16 hexadecimal digits, created at the first use. */
  readonly spanId: string;
  /** Null when the input could not be read as a request. */
  readonly method: string | null;
  /** Template of the route; `unmatched` when there is none. */
  readonly route: string;
  /** The wire format of the request. */
  readonly dialect: string;
  /** Whether the route is one that a model answers. */
  readonly asksModel: boolean;
  /**
   * The client as the rate limiter names it, `key:<name>` or `address:<network>`; null when the input could not be read
   * as a request.
   */
  readonly client: string | null;
  /** The client's network (see clientNetwork); null when the input could not be read as a request. */
  readonly network: string | null;
  /** Name of the API key that the request came with. */
  readonly apiKeyName: string | null;

  /** Status of the answer; 499 when the client left before it. */
  readonly status: number;
  /** True when the client left before the whole answer was written. */
  readonly aborted: boolean;
  /** Milliseconds from arrival until the response closed. */
  readonly latencyMs: number;
  readonly timings: StageTimings;
  /** The error in the answer; null for a success. */
  readonly failure: AppError | null;
  /** The code of that error when the request was refused before it reached a handler; null otherwise. */
  readonly rejection: ErrorCode | null;

  readonly cacheHit: boolean;
  readonly cacheLevel: 'memory' | 'redis' | null;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly tokens: number | null;
  readonly truncated: boolean | null;
  /** Number of texts in the same message to a worker. */
  readonly batchSize: number | null;
  /** `performance.now()` when the handler continued with the cache's answer; null when that never happened. */
  readonly turnAt: number | null;
  /** Only requests of several texts set the next five. */
  readonly texts: number | null;
  readonly cacheHits: number | null;
  readonly textsPerVersion: Readonly<Record<string, number>> | null;
  /** Texts that have an error in the place of their answer. */
  readonly failed: number | null;
  /** How many of them have which code; null when none failed. */
  readonly failedPerCode: Readonly<Partial<Record<ErrorCode, number>>> | null;
  /** The texts of the request; kept only when LOG_TEXT allows it. */
  readonly loggedText: string | readonly unknown[] | null;
}
