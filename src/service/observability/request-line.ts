import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import type { AppError } from '../../base/errors/app-error.js';
import { ERROR_TABLE } from '../../base/errors/codes.js';
import { type RequestObserver, RequestObservers } from '../request/request-observers.js';
import type { RequestRecord } from '../request/request-record.js';
import { LINE_LOGGER, type LineLogger } from './logger.js';

const round = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * 1000) / 1000);

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
    const { failure, timings } = record;
    const line: Record<string, unknown> = {
      request_id: record.requestId,
      trace_id: record.traceId,
      method: record.method,
      route: record.route,
      status: record.status,
      latency_ms: round(record.latencyMs),
      cache_hit: record.cacheHit,
      cache_level: record.cacheLevel,
      model_name: record.modelName,
      model_version: record.modelVersion,
      tokens: record.tokens,
      truncated: record.truncated,
      receive_ms: round(timings.receiveMs),
      cache_ms: round(timings.cacheMs),
      join_ms: round(timings.joinMs),
      queue_ms: round(timings.queueMs),
      transfer_ms: round(timings.transferMs),
      tokenize_ms: round(timings.tokenizeMs),
      inference_ms: round(timings.inferenceMs),
      event_loop_ms: round(timings.eventLoopMs),
      serialise_ms: round(timings.serialiseMs),
      batch_size: record.batchSize,
    };
    if (record.texts !== null) {
      line.texts = record.texts;
      line.cache_hits = record.cacheHits;
      line.texts_per_version = record.textsPerVersion;
    }
    if (this.config.logClient === 'network')
      line.client_network = record.network?.slice(0, LONGEST_NETWORK) ?? null;
    if (record.apiKeyName !== null) line.api_key_name = record.apiKeyName;
    if (record.loggedText !== null) line.text = record.loggedText;
    if (failure !== null) line.code = failure.code;
    if (record.aborted) line.aborted = true;
    line.msg = 'request';
    const level = failure === null ? 'info' : ERROR_TABLE[failure.code].logLevel;
    this.logger.line(level, line);
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
