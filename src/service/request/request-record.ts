import type { AppError } from '../../base/errors/app-error.js';
import type { ErrorCode } from '../../base/errors/codes.js';

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

/** What a request leaves behind when its response has closed. It holds neither the request nor the response. */
export interface RequestRecord {
  readonly requestId: string;
  /** The three of the W3C `traceparent` that the request came with, hexadecimal; null without a valid one. */
  readonly traceId: string | null;
  readonly parentSpanId: string | null;
  readonly traceFlags: string | null;
  /** Ours: 16 hexadecimal digits, made when first asked for. */
  readonly spanId: string;
  /** Null for what could not be read as a request. */
  readonly method: string | null;
  /** Template of the route, `unmatched` where there is none. */
  readonly route: string;
  /** The wire format that the request spoke. */
  readonly dialect: string;
  /** As the rate limiter names it, `key:<name>` or `address:<network>`; null for what could not be read as a request. */
  readonly client: string | null;
  /** Name of the API key that the request came with. */
  readonly apiKeyName: string | null;

  /** Of the answer; 499 when the client left before it. */
  readonly status: number;
  /** True when the client left before the whole answer was written. */
  readonly aborted: boolean;
  /** Milliseconds from arrival until the response closed. */
  readonly latencyMs: number;
  readonly timings: StageTimings;
  /** The error that was answered; null for a success. */
  readonly failure: AppError | null;
  /** The code of that error where the request was refused before a handler saw it; null otherwise. */
  readonly rejection: ErrorCode | null;

  readonly cacheHit: boolean;
  readonly cacheLevel: 'memory' | 'redis' | null;
  readonly modelName: string | null;
  readonly modelVersion: string | null;
  readonly tokens: number | null;
  readonly truncated: boolean | null;
  /** Texts that shared the worker message. */
  readonly batchSize: number | null;
  /** `performance.now()` when the request went on with what the cache had answered; null when that never happened. */
  readonly turnAt: number | null;
  /** The next three are set by requests of several texts alone. */
  readonly texts: number | null;
  readonly cacheHits: number | null;
  readonly textsPerVersion: Readonly<Record<string, number>> | null;
  /** What was asked for, kept only when LOG_TEXT allows it. */
  readonly loggedText: string | readonly unknown[] | null;
}
