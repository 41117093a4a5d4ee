import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { Metrics } from '../observability/metrics.js';
import { taskOf } from '../../engine/tasks/table.js';
import { FIRST_WINDOW } from '../../engine/view.js';
import {
  Executor,
  type Computation,
  type InferenceItem,
  type Priority,
} from '../../engine/dispatch/executor.js';
import { PendingText } from '../../engine/dispatch/pending-text.js';
import { Permits } from '../../engine/dispatch/permits.js';
import {
  InferencePoolStatus,
  type InferenceStatus,
  type LossListener,
  type RunListener,
} from './pool-status.js';
import { Scheduler } from '../../engine/dispatch/scheduler.js';
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
import type { BatchDone } from '../../engine/protocol/protocol.js';
import type { RollingResult } from '../../engine/pool/rolling-load.js';

/** Injection token of the script that worker processes run: whoever embeds Serin, or injects faults, binds its own. */
export const WORKER_ENTRY = Symbol('WORKER_ENTRY');

/** Background texts admitted at once: what one idle worker gets done in a fraction of a second. */
const BACKGROUND_LIMIT = 64;

/** The executor of the service: admission, one scheduler, one pool of processes. */
@Injectable()
export class PoolExecutor
  extends Executor
  implements InferencePoolStatus, VersionHost, PoolListener, OnModuleInit, OnApplicationShutdown
{
  private readonly logger = new Logger('Inference');
  private readonly versions = new Map<string, ModelVersion>();
  private readonly permits: Readonly<Record<Priority, Permits>>;
  private readonly pool: WorkerPool;
  private readonly scheduler: Scheduler;
  private readonly runListeners: RunListener[] = [];
  private readonly lossListeners: LossListener[] = [];
  private everReady = false;
  private closing = false;

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly metrics: Metrics,
    @Inject(WORKER_ENTRY) entryFile: string,
  ) {
    super();
    this.permits = { user: new Permits(config.queueLimit), background: new Permits(BACKGROUND_LIMIT) };
    const { workers, spareWorkers } = config;
    this.pool = new WorkerPool({ entryFile, workers, spareWorkers, startTimeoutMs: START_TIMEOUT_MS }, this);
    this.scheduler = new Scheduler(
      { watchdogMs: config.workerWatchdogMs, maxRssBytes: config.workerMaxRssBytes },
      {
        kill: (worker, reason) => {
          this.pool.kill(worker, reason);
        },
        released: (items) => {
          this.release(items);
        },
        batchFinished: (key, texts, { paddedTokens, tokenizeMs, inferenceMs }) => {
          const version = this.versions.get(key);
          if (version === undefined) return;
          const labels = { model: version.model, version: version.version };
          metrics.observeBatch({ ...labels, texts, paddedTokens, tokenizeMs, inferenceMs });
          for (const listener of this.runListeners) listener(version, { inferenceMs, paddedTokens });
        },
        lostForUser: (key) => {
          const version = this.versions.get(key);
          if (version === undefined) return;
          for (const listener of this.lossListeners) listener(version);
        },
      },
    );
    // The processes start while the rest of the application is still being put together.
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
    this.scheduler.close(shuttingDown());
    await this.pool.close();
  }

  status(): InferenceStatus {
    const { wanted, ready, spareReady, restarts, startFailuresInARow, exhausted } = this.pool.status();
    const queuedTexts = this.scheduler.queuedTexts;
    return {
      workersWanted: wanted,
      workersReady: ready,
      spareReady,
      queuedTexts,
      runningTexts: this.permits.user.inUse - queuedTexts,
      backgroundTexts: this.permits.background.inUse,
      restarts,
      startFailuresInARow,
      state: this.poolState(exhausted && ready === 0),
    };
  }

  onRun(listener: RunListener): void {
    this.runListeners.push(listener);
  }

  onLoss(listener: LossListener): void {
    this.lossListeners.push(listener);
  }

  override submit(items: readonly InferenceItem[], priority: Priority = 'user'): Computation[] {
    if (items.length === 0) return [];
    this.admit(items, priority);
    const now = performance.now();
    const pending = items.map(({ version, text }) => {
      const task = taskOf(version);
      const { tokens } = task.estimate(text, FIRST_WINDOW, version.manifest.max_tokens);
      return new PendingText(version.key, text, tokens, now, priority, task);
    });
    this.scheduler.enqueue(pending);
    return pending.map((item) => ({
      outcome: item.outcome,
      cancel: (error) => {
        item.fail(error);
        this.scheduler.discard(item);
      },
    }));
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
    return this.scheduler.textsOf(key);
  }

  async unload(version: ModelVersion): Promise<void> {
    const { key } = version;
    this.scheduler.drop(key, notLoaded(version));
    await this.pool.unload(key);
    this.versions.delete(key);
  }

  workerPids(): number[] {
    return this.pool.pids();
  }

  workerAvailable(worker: WorkerHandle): void {
    this.everReady = true;
    this.scheduler.workerAvailable(worker);
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    this.scheduler.batchDone(worker, message);
  }

  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void {
    this.metrics.workerRestarted(reason);
    this.logger.warn(`worker ${String(worker.pid)} was lost (${reason}: ${how}); a replacement takes over`);
    this.scheduler.workerLost(worker);
  }

  versionChanged(key: string, event: VersionEvent): void {
    const version = this.versions.get(key);
    if (version === undefined) return;
    switch (event.state) {
      case 'warming':
        this.registry.setState(version, 'warming');
        return;
      case 'ready': {
        if (this.scheduler.hasPlan(key)) return;
        const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.manifest.batching;
        this.scheduler.setPlan({ key, cost: event.cost, maxPaddedTokens, runsAlone });
        this.registry.setState(version, 'ready');
        return;
      }
      case 'failed':
        this.registry.setState(version, 'failed', event.reason);
        this.scheduler.drop(key, notLoaded(version));
        return;
      default:
        return event satisfies never;
    }
  }

  private admit(items: readonly InferenceItem[], priority: Priority): void {
    if (this.closing) throw shuttingDown();
    const { exhausted, ready } = this.pool.status();
    if (!this.everReady || (exhausted && ready === 0)) {
      throw new AppError('NOT_READY', 'No worker process is ready to infer; the log says why.');
    }
    const missing = items.find(({ version }) => !this.scheduler.hasPlan(version.key));
    if (missing !== undefined) throw notLoaded(missing.version);
    const texts = items.length;
    const permits = this.permits[priority];
    if (permits.tryTake(texts)) return;
    const retryAfterMs = permits.drainMs(performance.now());
    const sentence = `The queue holds ${permits.inUse} of ${permits.limit} texts and ${texts} more do not fit.`;
    throw new AppError('OVERLOADED', sentence, { retryAfterMs });
  }

  private release(items: readonly PendingText[]): void {
    const ofUsers = items.filter(({ priority }) => priority === 'user').length;
    const now = performance.now();
    if (ofUsers > 0) this.permits.user.release(ofUsers, now);
    if (ofUsers < items.length) this.permits.background.release(items.length - ofUsers, now);
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
