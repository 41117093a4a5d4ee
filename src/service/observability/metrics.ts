import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import type { ErrorCode } from '../../base/errors/codes.js';
import { MetricSources, type QueueDepth, type WorkerCounts } from './metric-sources.js';
import { METRIC } from './metric-table.js';
import { Tallies } from './tallies.js';

export type RestartReason = 'exit' | 'watchdog' | 'memory' | 'start_failed';

const RESTART_REASONS: readonly RestartReason[] = ['exit', 'watchdog', 'memory', 'start_failed'];

/** The codes that a single text can fail with. */
const TEXT_ERRORS: readonly ErrorCode[] = [
  ...(['INVALID_REQUEST', 'EMPTY_TEXT', 'OVERLOADED', 'INFERENCE_FAILED', 'INTERNAL'] as const),
  ...(['NOT_READY', 'VERSION_NOT_READY', 'SHUTTING_DOWN', 'DEADLINE_EXCEEDED'] as const),
];

/** One completed batch: the message to a worker, with the timings of its reply. */
export interface BatchObservation {
  readonly model: string;
  readonly version: string;
  readonly texts: number;
  readonly paddedTokens: number;
  readonly tokenizeMs: number;
  readonly inferenceMs: number;
}

/**
 * Writes the metrics of texts, batches, workers, versions, proxies and refused connections; metric-table.ts defines their
 * names and labels.
 */
@Injectable()
export class Metrics implements OnModuleInit {
  @InjectMetric(METRIC.batchTexts) private readonly batchTexts!: Histogram;
  @InjectMetric(METRIC.batchPaddedTokens) private readonly batchPaddedTokens!: Histogram;
  @InjectMetric(METRIC.batchSeconds) private readonly batchSeconds!: Histogram;
  @InjectMetric(METRIC.workerRestarts) private readonly workerRestarts!: Counter;
  @InjectMetric(METRIC.untrustedProxy) private readonly untrustedProxy!: Gauge;
  @InjectMetric(METRIC.connectionsRefused) private readonly connectionsRefused!: Counter;
  @InjectMetric(METRIC.versionState) private readonly versionState!: Gauge;
  @InjectMetric(METRIC.versionMemoryBytes) private readonly versionMemoryBytes!: Gauge;
  @InjectMetric(METRIC.versionLoadSeconds) private readonly versionLoadSeconds!: Gauge;

  private readonly lastState = new Map<string, string>();

  constructor(
    private readonly sources: MetricSources,
    private readonly tallies: Tallies,
  ) {}

  /**
   * Sets every series to 0: a counter that never counted is absent from a scrape, and alerts on its rate would never
   * fire.
   */
  onModuleInit(): void {
    for (const reason of RESTART_REASONS) this.workerRestarts.inc({ reason }, 0);
    for (const code of TEXT_ERRORS) this.tallies.textErrors.add(0, code);
  }

  observeText(model: string, version: string, truncated: boolean): void {
    this.tallies.texts.add(1, model, version);
    if (truncated) this.tallies.truncatedTexts.add(1, model, version);
  }

  /** A text got an error in the place of its answer. */
  textFailed(code: ErrorCode): void {
    this.tallies.textErrors.add(1, code);
  }

  observeBatch(batch: BatchObservation): void {
    const { model, version } = batch;
    const labels = { model, version };
    this.batchTexts.observe(labels, batch.texts);
    this.batchPaddedTokens.observe(labels, batch.paddedTokens);
    this.batchSeconds.observe({ stage: 'tokenize', model, version }, batch.tokenizeMs / 1000);
    this.batchSeconds.observe({ stage: 'inference', model, version }, batch.inferenceMs / 1000);
  }

  workerRestarted(reason: RestartReason): void {
    this.workerRestarts.inc({ reason });
  }

  /** A connection was closed unserved. */
  connectionRefused(): void {
    this.connectionsRefused.inc();
  }

  setVersionState(model: string, version: string, state: string): void {
    const key = `${model}/${version}`;
    const last = this.lastState.get(key);
    if (last !== undefined) this.versionState.set({ model, version, state: last }, 0);
    this.versionState.set({ model, version, state }, 1);
    this.lastState.set(key, state);
  }

  /** A proxy forwards the addresses of callers, and its word does not count: they are one client. */
  untrustedProxySeen(): void {
    this.untrustedProxy.set(1);
  }

  /** @param bytes estimated memory in one worker process; 0 when the version is unloaded */
  setVersionMemory(model: string, version: string, bytes: number): void {
    this.versionMemoryBytes.set({ model, version }, bytes);
  }

  setVersionLoadSeconds(model: string, version: string, seconds: number): void {
    this.versionLoadSeconds.set({ model, version }, seconds);
  }

  /** @param source called at every scrape. */
  setQueueDepthSource(source: () => QueueDepth): void {
    this.sources.queueDepth = source;
  }

  /** @param source called at every scrape. */
  setWorkersSource(source: () => WorkerCounts): void {
    this.sources.workers = source;
  }
}
