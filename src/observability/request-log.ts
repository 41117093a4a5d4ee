import type { Response } from 'express';
import type { Logger } from 'pino';
import { ERROR_TABLE } from '../errors/codes.js';
import type { AppError } from '../errors/app-error.js';
import { failureOf } from '../errors/problem.filter.js';
import type { Metrics } from './metrics.js';
import type { RequestContext } from './request-context.js';

/** What proxies log for a client that left before it was answered (nginx' convention); never sent. */
const CLIENT_LEFT_STATUS = 499;

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);

/** How a request ended. */
interface Ending {
  readonly status: number;
  readonly aborted: boolean;
  readonly failure: AppError | undefined;
}

function endingOf(response: Response): Ending {
  const aborted = !response.writableFinished;
  const failure = failureOf(response);
  return {
    aborted,
    failure,
    status: aborted && !response.headersSent ? CLIENT_LEFT_STATUS : response.statusCode,
  };
}

/** Writes the one line and the one observation that each request leaves behind. */
export class RequestLog {
  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** To be called once, when the response has closed. */
  write(response: Response, context: RequestContext): void {
    const ending = endingOf(response);
    if (ending.aborted) context.clientLeft();
    const latencyMs = context.elapsedMs();
    this.count(context, ending, latencyMs);
    this.log(response.req.method, context, ending, latencyMs);
    const { failure } = ending;
    if (failure !== undefined && ERROR_TABLE[failure.code].logLevel === 'error')
      this.explain(context, failure);
  }

  private count(context: RequestContext, ending: Ending, latencyMs: number): void {
    this.metrics.observeRequest({
      route: context.route,
      model: context.modelName ?? '',
      version: context.modelVersion ?? '',
      status: ending.status,
      code: ending.failure?.code ?? '',
      latencyMs,
      queueMs: context.queueMs,
      tokenizeMs: context.tokenizeMs,
      inferenceMs: context.inferenceMs,
    });
  }

  private log(method: string, context: RequestContext, ending: Ending, latencyMs: number): void {
    const line: Record<string, unknown> = {
      request_id: context.requestId,
      trace_id: context.traceId,
      method,
      route: context.route,
      status: ending.status,
      latency_ms: round(latencyMs),
      cache_hit: context.cacheHit,
      cache_level: context.cacheLevel,
      model_name: context.modelName,
      model_version: context.modelVersion,
      tokens: context.tokens,
      truncated: context.truncated,
      queue_ms: round(context.queueMs),
      tokenize_ms: round(context.tokenizeMs),
      inference_ms: round(context.inferenceMs),
      batch_size: context.batchSize,
    };
    if (context.texts !== null) {
      line.texts = context.texts;
      line.cache_hits = context.cacheHits;
      line.texts_per_version = context.textsPerVersion;
    }
    if (context.apiKeyName !== null) line.api_key_name = context.apiKeyName;
    if (context.loggedText !== null) line.text = context.loggedText;
    if (ending.failure !== undefined) line.code = ending.failure.code;
    if (ending.aborted) line.aborted = true;
    const level = ending.failure === undefined ? 'info' : ERROR_TABLE[ending.failure.code].logLevel;
    this.logger[level](line, 'request');
  }

  /** A fault of ours: what happened, for us alone, on a line of its own. */
  private explain(context: RequestContext, failure: AppError): void {
    const cause = failure.cause instanceof Error ? failure.cause : failure;
    this.logger.error(
      { request_id: context.requestId, trace_id: context.traceId, code: failure.code, stack: cause.stack },
      'fault',
    );
  }
}
