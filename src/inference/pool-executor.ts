import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import { AppError } from '../errors/app-error.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { ModelVersion } from '../model-registry/model-version.js';
import { Metrics } from '../observability/metrics.js';
import { estimateTokens } from '../tokenization/token-estimate.js';
import { Executor, type InferenceCaller, type InferenceItem, type Outcome } from './executor.js';
import { PendingText } from './pending-text.js';
import { Permits } from './permits.js';
import { InferencePoolStatus, type InferenceStatus } from './pool-status.js';
import { Scheduler } from './scheduler.js';
import { toVersionSpec } from './version-spec.js';
import {
  START_TIMEOUT_MS,
  WorkerPool,
  type LossReason,
  type PoolListener,
  type VersionEvent,
} from './worker/worker-pool.js';
import type { WorkerHandle } from './worker/worker-handle.js';
import type { BatchDone } from './worker/protocol.js';

/** Injection token of the script that worker processes run: whoever embeds Serin, or injects faults, binds its own. */
export const WORKER_ENTRY = Symbol('WORKER_ENTRY');

/** The executor of the service: admission, one scheduler, one pool of processes. */
@Injectable()
export class PoolExecutor
  extends Executor
  implements InferencePoolStatus, PoolListener, OnModuleInit, OnApplicationShutdown
{
  private readonly logger = new Logger('Inference');
  private readonly versions = new Map<string, ModelVersion>();
  private readonly permits: Permits;
  private readonly pool: WorkerPool;
  private readonly scheduler: Scheduler;
  private everReady = false;
  private closing = false;

  constructor(
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
    private readonly registry: ModelRegistryService,
    private readonly metrics: Metrics,
    @Inject(WORKER_ENTRY) entryFile: string,
  ) {
    super();
    this.permits = new Permits(config.queueLimit);
    const { workers, spareWorkers } = config;
    this.pool = new WorkerPool({ entryFile, workers, spareWorkers, startTimeoutMs: START_TIMEOUT_MS }, this);
    this.scheduler = new Scheduler(
      { watchdogMs: config.workerWatchdogMs, maxRssBytes: config.workerMaxRssBytes },
      {
        kill: (worker, reason) => {
          this.pool.kill(worker, reason);
        },
        released: (count) => {
          this.permits.release(count, performance.now());
        },
        batchFinished: (key, texts, { paddedTokens, tokenizeMs, inferenceMs }) => {
          const version = this.versions.get(key);
          if (version === undefined) return;
          const labels = { model: version.model, version: version.version };
          metrics.observeBatch({ ...labels, texts, paddedTokens, tokenizeMs, inferenceMs });
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
    void this.loadWanted();
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
      runningTexts: this.permits.inUse - queuedTexts,
      restarts,
      startFailuresInARow,
      state: this.poolState(exhausted && ready === 0),
    };
  }

  override async infer(requested: readonly InferenceItem[], caller: InferenceCaller): Promise<Outcome[]> {
    const now = performance.now();
    if (requested.length === 0) return [];
    if (now >= caller.deadlineAt || caller.signal?.aborted === true) {
      const error = new AppError(
        'DEADLINE_EXCEEDED',
        'The deadline of the request had passed before it was read.',
      );
      return requested.map(() => ({ ok: false, error }));
    }
    this.admit(requested);
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(requested.length);
      let open = requested.length;
      const pending = requested.map(({ version, text }, i) => {
        const tokens = estimateTokens(text, version.manifest.max_tokens);
        return new PendingText(version.key, text, tokens, now, (outcome) => {
          outcomes[i] = outcome;
          open--;
          if (open > 0) return;
          clearTimeout(deadline);
          caller.signal?.removeEventListener('abort', leave);
          resolve(outcomes);
        });
      });
      const giveUp = (sentence: string): void => {
        const error = new AppError('DEADLINE_EXCEEDED', sentence);
        for (const item of pending) item.fail(error);
        this.scheduler.discard(pending);
      };
      const leave = (): void => {
        giveUp('The caller left before the answer was ready.');
      };
      const deadline = setTimeout(() => {
        giveUp('The answer was not ready within the deadline of the request.');
      }, caller.deadlineAt - now);
      caller.signal?.addEventListener('abort', leave, { once: true });
      this.scheduler.enqueue(pending);
    });
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
        this.scheduler.drop(
          key,
          new AppError('VERSION_NOT_READY', `The version ${version.version} is not loaded.`),
        );
        return;
      default:
        return event satisfies never;
    }
  }

  /** One after the other, so that the stable version of each model, which is wanted first, serves first. */
  private async loadWanted(): Promise<void> {
    for (const version of this.registry.wanted()) {
      if (!(await this.registry.verify(version))) continue;
      this.versions.set(version.key, version);
      this.pool.load(toVersionSpec(version, this.config.threadsPerWorker));
    }
  }

  private admit(items: readonly InferenceItem[]): void {
    if (this.closing) throw shuttingDown();
    const { exhausted, ready } = this.pool.status();
    if (!this.everReady || (exhausted && ready === 0)) {
      throw new AppError('NOT_READY', 'No worker process is ready to infer; the log says why.');
    }
    const missing = items.find(({ version }) => !this.scheduler.hasPlan(version.key));
    if (missing !== undefined) {
      throw new AppError('VERSION_NOT_READY', `The version ${missing.version.version} is not loaded.`);
    }
    const texts = items.length;
    if (this.permits.tryTake(texts)) return;
    const retryAfterMs = this.permits.drainMs(performance.now());
    const sentence = `The queue holds ${this.permits.inUse} of ${this.config.queueLimit} texts and ${texts} more do not fit.`;
    throw new AppError('OVERLOADED', sentence, { retryAfterMs });
  }

  private poolState(failing: boolean): InferenceStatus['state'] {
    if (this.closing) return 'closing';
    if (failing) return 'not_ready';
    return this.everReady ? 'ready' : 'starting';
  }
}

function shuttingDown(): AppError {
  return new AppError('SHUTTING_DOWN', 'This instance is shutting down; send the request to another one.');
}
