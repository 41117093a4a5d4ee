import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { Metrics } from '../observability/metrics.js';
import { Admission } from '../../engine/dispatch/admission.js';
import { SubmittedText, type Price } from '../../engine/dispatch/submitted-text.js';
import { taskOf } from '../../engine/tasks/table.js';
import { FIRST_WINDOW } from '../../engine/view.js';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Priority,
} from '../../engine/dispatch/executor.js';
import { Lane } from '../../engine/dispatch/lane.js';
import { ClientShares, type ClientShare } from '../../engine/dispatch/client-shares.js';
import { Forecast } from '../../engine/dispatch/forecast.js';
import type { PendingText } from '../../engine/dispatch/pending-text.js';
import { QueuedTexts } from '../../engine/dispatch/queued-texts.js';
import {
  InferencePoolStatus,
  type InferenceStatus,
  type LossListener,
  type RunListener,
} from './pool-status.js';
import { TextReports } from './text-reports.js';
import type { VersionHost } from './version-host.js';
import { toVersionSpec } from '../../engine/version-spec.js';
import {
  START_TIMEOUT_MS,
  WorkerPool,
  type LossReason,
  type PoolListener,
  type VersionEvent,
} from '../../engine/pool/worker-pool.js';
import type { WorkerHandle } from '../../engine/pool/worker-handle.js';
import { batchedMs, predictMs } from '../../engine/protocol/cost-model.js';
import type { BatchDone } from '../../engine/protocol/protocol.js';
import type { RollingResult } from '../../engine/pool/rolling-load.js';

/**
 * Injection token of the script that worker processes run. An application that embeds Serin, or a test that injects
 * faults, binds its own script.
 */
export const WORKER_ENTRY = Symbol('WORKER_ENTRY');

/**
 * The executor of the service: one pool of worker processes, and one lane that feeds the pool users' texts and
 * background texts.
 */
@Injectable()
export class PoolExecutor
  extends Executor
  implements InferencePoolStatus, VersionHost, PoolListener, OnModuleInit, OnApplicationShutdown
{
  private readonly logger = new Logger('Inference');
  private readonly versions = new Map<string, ModelVersion>();
  private readonly reports: TextReports;
  private readonly texts: Readonly<Record<Priority, QueuedTexts>>;
  private readonly pool: WorkerPool;
  private readonly lane: Lane;
  private everReady = false;
  private closing = false;

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly metrics: Metrics,
    private readonly admission: Admission,
    @Inject(WORKER_ENTRY) entryFile: string,
  ) {
    super();
    const { workers, spareWorkers, workerWatchdogMs: watchdogMs, workerMaxRssBytes: maxRssBytes } = config;
    this.pool = new WorkerPool({ entryFile, workers, spareWorkers, startTimeoutMs: START_TIMEOUT_MS }, this);
    this.reports = new TextReports(this.versions, admission, metrics);
    // A background text runs alone, so that a user who arrives during it waits for the shortest possible run.
    const background = new QueuedTexts(true, this.reports);
    const weights = new Map(config.clients.map(({ name, weight }) => [`key:${name}`, weight]));
    const shares = new ClientShares((client) => weights.get(client) ?? 1);
    const forecast = new Forecast(shares, () => this.lane.workers);
    this.texts = { user: new QueuedTexts(false, this.reports, forecast), background };
    this.lane = new Lane(
      this.pool,
      [
        { source: this.texts.user, handOver: 'late', keepOneIdle: false },
        { source: background, handOver: 'never', keepOneIdle: true },
      ],
      { watchdogMs, maxRssBytes },
    );
    // The processes start while Nest is still creating the other providers.
    this.pool.start();
  }

  onModuleInit(): void {
    this.metrics.setQueueDepthSource(() => this.status());
    this.metrics.setWorkersSource(() => {
      const { workersWanted, workersReady, spareReady } = this.status();
      return { wanted: workersWanted, ready: workersReady, spareReady };
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.closing = true;
    this.lane.close(shuttingDown());
    await this.pool.close();
  }

  status(): InferenceStatus {
    const { wanted, ready, spareReady, restarts, startFailuresInARow, exhausted } = this.pool.status();
    const { user, background } = this.texts;
    return {
      workersWanted: wanted,
      workersReady: ready,
      spareReady,
      queuedTexts: user.waiting,
      runningTexts: user.running,
      backgroundTexts: background.waiting + background.running,
      restarts,
      startFailuresInARow,
      state: this.poolState(exhausted && ready === 0),
    };
  }

  largestClients(limit: number): readonly ClientShare[] {
    return this.texts.user.forecast.shares.largest(limit, performance.now());
  }

  onRun(listener: RunListener): void {
    this.reports.onRun(listener);
  }

  onLoss(listener: LossListener): void {
    this.reports.onLoss(listener);
  }

  override submit(items: readonly InferenceItem[], priority: Priority = 'user'): Computation[] {
    if (items.length === 0) return [];
    this.assertOpen(items);
    const now = performance.now();
    const source = this.texts[priority];
    const abandon = (part: PendingText): void => {
      if (source.discard(part)) this.lane.wake();
    };
    const offer = source.offer.bind(source);
    const submission = { priority, now, priceOf: this.priceOf, workers: this.config.workers, abandon, offer };
    const submitted = items.map((item) => new SubmittedText(item, submission));
    const parts = submitted.flatMap((text) => text.parts);
    this.admission.admit({ parts, texts: items.length }, source.forecast, now);
    source.add(parts);
    this.lane.wake();
    return submitted;
  }

  override aloneMs(items: readonly InferenceItem[]): number {
    let workMs = 0;
    let longestMs = 0;
    for (const { version, text, view = FIRST_WINDOW } of items) {
      const { sequences, tokens } = taskOf(version).estimate(text, view, version.manifest.max_tokens);
      workMs += this.priceOf(version.key, tokens, sequences).workMs;
      longestMs = Math.max(longestMs, this.priceOf(version.key, tokens, 1).soloMs);
    }
    return this.texts.user.forecast.aloneMs(workMs, longestMs, performance.now());
  }

  load(version: ModelVersion): void {
    this.versions.set(version.key, version);
    this.pool.load(toVersionSpec(version, this.config.threadsPerWorker));
  }

  async loadOneByOne(version: ModelVersion): Promise<RollingResult> {
    this.versions.set(version.key, version);
    const result = await this.pool.loadOneByOne(toVersionSpec(version, this.config.threadsPerWorker));
    if (!result.ok) this.versions.delete(version.key);
    return result;
  }

  textsOf({ key }: ModelVersion): number {
    return this.texts.user.textsOf(key) + this.texts.background.textsOf(key);
  }

  async unload(version: ModelVersion): Promise<void> {
    const { key } = version;
    this.lane.drop(key, notLoaded(version));
    await this.pool.unload(key);
    this.versions.delete(key);
  }

  workerPids(): number[] {
    return this.pool.pids();
  }

  workerAvailable(worker: WorkerHandle): void {
    this.everReady = true;
    this.lane.workerAvailable(worker);
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    this.lane.batchDone(worker, message);
  }

  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void {
    this.metrics.workerRestarted(reason);
    this.logger.warn(`worker ${String(worker.pid)} was lost (${reason}: ${how}); a replacement takes over`);
    this.lane.workerLost(worker);
  }

  versionChanged(key: string, event: VersionEvent): void {
    const version = this.versions.get(key);
    if (version === undefined) return;
    this.lane.versionChanged(key, event);
    switch (event.state) {
      case 'warming':
        this.registry.setState(version, 'warming');
        return;
      case 'ready': {
        if (this.texts.user.isOpen(key)) return;
        const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.manifest.batching;
        for (const source of Object.values(this.texts)) source.open(key, { maxPaddedTokens, runsAlone });
        this.registry.setState(version, 'ready');
        return;
      }
      case 'failed':
        this.registry.setState(version, 'failed', event.reason);
        this.lane.drop(key, notLoaded(version));
        return;
      default:
        return event satisfies never;
    }
  }

  private readonly priceOf = (key: string, tokens: number, sequences: number): Price => {
    const cost = this.lane.costOf(key);
    const limits = this.texts.user.limitsOf(key);
    if (cost === undefined || limits === undefined) return { soloMs: 0, workMs: 0 };
    return {
      soloMs: predictMs(cost, sequences, tokens),
      workMs: sequences * batchedMs(cost, tokens, limits),
    };
  };

  private assertOpen(items: readonly InferenceItem[]): void {
    if (this.closing) throw shuttingDown();
    if (!this.everReady || (this.lane.workers === 0 && this.isExhausted())) {
      throw new AppError('NOT_READY', 'No worker process is ready to infer; the log says why.');
    }
    for (const { version } of items) if (!this.texts.user.isOpen(version.key)) throw notLoaded(version);
  }

  private isExhausted(): boolean {
    const { exhausted, ready } = this.pool.status();
    return exhausted && ready === 0;
  }

  private poolState(failing: boolean): InferenceStatus['state'] {
    if (this.closing) return 'closing';
    if (failing) return 'not_ready';
    return this.everReady ? 'ready' : 'starting';
  }
}

function notLoaded({ version }: ModelVersion): AppError {
  return new AppError('VERSION_NOT_READY', `The version ${version} is not loaded.`);
}

function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This instance is shutting down; send the request to another one.');
}
