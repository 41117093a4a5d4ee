import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import type { AppError } from '../../base/errors/app-error.js';
import { ERROR_TABLE, type ErrorCode } from '../../base/errors/codes.js';
import { type RequestObserver, RequestObservers } from '../request/request-observers.js';
import type { RequestRecord } from '../request/request-record.js';
import { LINE_LOGGER, type LineLogger, type LogLevel } from './logger.js';

/** A member that does not apply is undefined, which JSON leaves out. */
const round = (ms: number | null): number | undefined =>
  ms === null ? undefined : Math.round(ms * 1000) / 1000;

/** What asks every few seconds whether the service is well; each of its successes is as the one before. */
const PROBES: ReadonlySet<string> = new Set([
  '/health',
  '/health/live',
  '/health/ready',
  '/health/startup',
  '/metrics',
]);

/**
 * The level of a request's line. A failure has that of its code. A request of several texts is answered although some
 * of them failed: it is a warning, unless the client can mend every one of them.
 */
function levelOf({ failure, failedPerCode, route, aborted }: RequestRecord): LogLevel {
  if (failure !== null) return ERROR_TABLE[failure.code].logLevel;
  if (failedPerCode !== null) {
    const codes = Object.keys(failedPerCode) as ErrorCode[];
    if (codes.some((code) => ERROR_TABLE[code].logLevel !== 'info')) return 'warn';
  }
  return PROBES.has(route) && !aborted ? 'debug' : 'info';
}

/**
 * No address is longer. With a wrong TRUST_PROXY a client can write any text into X-Forwarded-For, and a log line is no
 * place for kilobytes of it.
 */
const LONGEST_NETWORK = 45;

/** Writes one log line for each request. */
@Injectable()
export class RequestLine implements RequestObserver, OnModuleInit {
  constructor(
    @Inject(LINE_LOGGER) private readonly logger: LineLogger,
    private readonly requests: RequestObservers,
    @Inject(SERIN_CONFIG) private readonly config: Pick<SerinConfig, 'logClient'>,
  ) {}

  onModuleInit(): void {
    this.requests.add(this);
  }

  ended(record: RequestRecord): void {
    const level = levelOf(record);
    if (!this.logger.isLevelEnabled(level)) return;
    const { failure, timings } = record;
    const network =
      this.config.logClient === 'network' ? record.network?.slice(0, LONGEST_NETWORK) : undefined;
    this.logger.line(level, {
      request_id: record.requestId,
      trace_id: record.traceId ?? undefined,
      method: record.method ?? undefined,
      route: record.route,
      status: record.status,
      latency_ms: round(record.latencyMs),
      cache_hit: record.asksModel ? record.cacheHit : undefined,
      cache_level: record.cacheLevel ?? undefined,
      model_name: record.modelName ?? undefined,
      model_version: record.modelVersion ?? undefined,
      tokens: record.tokens ?? undefined,
      truncated: record.truncated ?? undefined,
      receive_ms: round(timings.receiveMs),
      cache_ms: round(timings.cacheMs),
      join_ms: round(timings.joinMs),
      queue_ms: round(timings.queueMs),
      transfer_ms: round(timings.transferMs),
      tokenize_ms: round(timings.tokenizeMs),
      inference_ms: round(timings.inferenceMs),
      event_loop_ms: round(timings.eventLoopMs),
      serialise_ms: round(timings.serialiseMs),
      batch_size: record.batchSize ?? undefined,
      texts: record.texts ?? undefined,
      cache_hits: record.cacheHits ?? undefined,
      texts_per_version: record.textsPerVersion ?? undefined,
      failed: record.failed ?? undefined,
      failed_per_code: record.failedPerCode ?? undefined,
      client_network: network,
      api_key_name: record.apiKeyName ?? undefined,
      text: record.loggedText ?? undefined,
      code: failure?.code,
      aborted: record.aborted || undefined,
      msg: 'request',
    });
    if (failure !== null && level === 'error') this.explain(record, failure);
  }

  /** Logs the cause of a fault of the service on a separate line, which the client never sees. */
  private explain({ requestId, traceId }: RequestRecord, failure: AppError): void {
    const cause = failure.cause instanceof Error ? failure.cause : failure;
    this.logger.error(
      { request_id: requestId, trace_id: traceId, code: failure.code, stack: cause.stack },
      'fault',
    );
  }
}
