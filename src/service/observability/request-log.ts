import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { ERROR_TABLE } from '../../base/errors/codes.js';
import type { AppError } from '../../base/errors/app-error.js';
import { failureOf } from '../request/problem.filter.js';
import { LINE_LOGGER, type LineLogger } from './logger.js';
import { Metrics } from './metrics.js';
import { RequestContext, type StageTimings } from '../request/request-context.js';
import { requestIdFrom } from '../request/request-ids.js';

/** What proxies log for a client that left before it was answered (nginx' convention); never sent. */
const CLIENT_LEFT_STATUS = 499;

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);

/** How a request ended. */
interface Ending {
  readonly status: number;
  readonly aborted: boolean;
  readonly failure: AppError | undefined;
  readonly latencyMs: number;
  readonly stages: StageTimings;
}

function endingOf(response: Response, context: RequestContext): Ending {
  const latencyMs = context.elapsedMs();
  const aborted = !response.writableFinished;
  const failure = failureOf(response);
  return {
    latencyMs,
    stages: context.stages(latencyMs),
    aborted,
    failure,
    status: aborted && !response.headersSent ? CLIENT_LEFT_STATUS : response.statusCode,
  };
}

/** Writes the one line and the one observation that each request leaves behind. */
@Injectable()
export class RequestLog {
  constructor(
    @Inject(LINE_LOGGER) private readonly logger: LineLogger,
    private readonly metrics: Metrics,
  ) {}

  /** To be called once, when the response has closed. */
  write(response: Response, context: RequestContext): void {
    const ending = endingOf(response, context);
    if (ending.aborted) context.clientLeft();
    this.record(response.req.method, context, ending);
  }

  /**
   * The same for what could not be read as a request.
   * @returns the id under which it is logged
   */
  writeUnread(failure: AppError): string {
    const context = new RequestContext(requestIdFrom(undefined), null, 0);
    const latencyMs = context.elapsedMs();
    const ending = { latencyMs, stages: context.stages(latencyMs), aborted: false, failure };
    this.record(null, context, { ...ending, status: failure.status });
    return context.requestId;
  }

  private record(method: string | null, context: RequestContext, ending: Ending): void {
    this.count(context, ending);
    this.log(method, context, ending);
    const { failure } = ending;
    if (failure !== undefined && ERROR_TABLE[failure.code].logLevel === 'error')
      this.explain(context, failure);
  }

  private count(context: RequestContext, ending: Ending): void {
    this.metrics.observeRequest({
      route: context.route,
      model: context.modelName ?? '',
      version: context.modelVersion ?? '',
      status: ending.status,
      code: ending.failure?.code ?? '',
      latencyMs: ending.latencyMs,
      // Each observation takes a microsecond, which what memory answers cannot spare.
      stages: context.turnAt === null || context.cacheLevel === 'memory' ? null : ending.stages,
    });
  }

  private log(method: string | null, context: RequestContext, ending: Ending): void {
    const { stages } = ending;
    const line: Record<string, unknown> = {
      request_id: context.requestId,
      trace_id: context.traceId,
      method,
      route: context.route,
      status: ending.status,
      latency_ms: round(ending.latencyMs),
      cache_hit: context.cacheHit,
      cache_level: context.cacheLevel,
      model_name: context.modelName,
      model_version: context.modelVersion,
      tokens: context.tokens,
      truncated: context.truncated,
      receive_ms: round(stages.receiveMs),
      cache_ms: round(stages.cacheMs),
      join_ms: round(stages.joinMs),
      queue_ms: round(stages.queueMs),
      transfer_ms: round(stages.transferMs),
      tokenize_ms: round(stages.tokenizeMs),
      inference_ms: round(stages.inferenceMs),
      event_loop_ms: round(stages.eventLoopMs),
      serialise_ms: round(stages.serialiseMs),
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
    line.msg = 'request';
    this.logger.line(level, line);
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
