import { AppError } from '../../base/errors/app-error.js';
import { StartError } from '../../base/errors/start-error.js';
import type { Outcome } from '../../engine/dispatch/executor.js';
import { PendingText } from '../../engine/dispatch/pending-text.js';
import { Scheduler } from '../../engine/dispatch/scheduler.js';
import type { BatchDone, CostCoefficients, VersionSpec } from '../../engine/protocol/protocol.js';
import { WORKER_ENTRY_FILE, type WorkerHandle } from '../../engine/pool/worker-handle.js';
import {
  START_TIMEOUT_MS,
  WorkerPool,
  type LossReason,
  type PoolListener,
  type VersionEvent,
} from '../../engine/pool/worker-pool.js';
import { estimateTokens } from '../../engine/tokenization/token-estimate.js';

export interface RigSettings {
  readonly workerWatchdogMs: number;
  readonly workerMaxRssBytes: number;
}

interface Loading {
  readonly spec: VersionSpec;
  cost: CostCoefficients | undefined;
  readonly done: () => void;
  readonly failed: (error: StartError) => void;
}

/**
 * The service's own scheduler and worker processes, with one version at a time and without HTTP. Settings that a
 * manifest has are given to it instead, so that they can be tried without changing a version.
 */
export class Rig implements PoolListener {
  /** Worker processes lost so far. */
  losses = 0;
  private readonly pool: WorkerPool;
  private readonly scheduler: Scheduler;
  private loading: Loading | undefined;
  private loaded: { readonly spec: VersionSpec; cost: CostCoefficients } | undefined;

  constructor(
    readonly workers: number,
    { workerWatchdogMs, workerMaxRssBytes }: RigSettings,
  ) {
    this.pool = new WorkerPool(
      { entryFile: WORKER_ENTRY_FILE, workers, spareWorkers: 0, startTimeoutMs: START_TIMEOUT_MS },
      this,
    );
    this.scheduler = new Scheduler(
      { watchdogMs: workerWatchdogMs, maxRssBytes: workerMaxRssBytes },
      {
        kill: (worker, reason) => {
          this.pool.kill(worker, reason);
        },
        released: () => undefined,
        batchFinished: () => undefined,
        lostForUser: () => undefined,
      },
    );
    this.pool.start();
  }

  /**
   * Gives up what is loaded, and loads this into every worker.
   * @throws StartError when it cannot be loaded
   */
  async load(spec: VersionSpec): Promise<void> {
    if (this.loaded !== undefined) {
      const { key } = this.loaded.spec;
      this.loaded = undefined;
      this.scheduler.drop(key, new AppError('VERSION_NOT_READY', 'Another setting is measured now.'));
      await this.pool.unload(key);
    }
    await new Promise<void>((done, failed) => {
      this.loading = { spec, cost: undefined, done, failed };
      this.pool.load(spec);
    });
  }

  /** From now on batches are cut at this budget; nothing may be queued. */
  limitBatches(maxPaddedTokens: number): void {
    if (this.loaded === undefined) throw new Error('nothing is loaded');
    const { spec, cost } = this.loaded;
    this.scheduler.setPlan({ key: spec.key, cost, maxPaddedTokens, runsAlone: spec.batching.runs_alone });
  }

  /** Never rejects. */
  run(text: string): Promise<Outcome> {
    if (this.loaded === undefined) throw new Error('nothing is loaded');
    const { key, maxTokens } = this.loaded.spec;
    const pending = new PendingText(key, text, estimateTokens(text, maxTokens), performance.now(), 'user');
    this.scheduler.enqueue([pending]);
    return pending.outcome;
  }

  async close(): Promise<void> {
    this.scheduler.close(new AppError('SHUTTING_DOWN', 'The measurement is over.'));
    await this.pool.close();
  }

  workerAvailable(worker: WorkerHandle): void {
    this.scheduler.workerAvailable(worker);
    const { loading } = this;
    if (loading?.cost === undefined) return;
    if (!this.pool.active().every((one) => one.has(loading.spec.key))) return;
    this.loading = undefined;
    this.loaded = { spec: loading.spec, cost: loading.cost };
    this.limitBatches(loading.spec.batching.max_padded_tokens);
    loading.done();
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    if (message.ok && this.loaded !== undefined) this.loaded.cost = message.cost;
    this.scheduler.batchDone(worker, message);
  }

  workerLost(worker: WorkerHandle, _reason: LossReason, how: string): void {
    this.losses++;
    this.scheduler.workerLost(worker);
    const { exhausted, ready } = this.pool.status();
    if (exhausted && ready === 0) this.fail(`no worker process starts (the last one ended with ${how})`);
  }

  versionChanged(key: string, event: VersionEvent): void {
    if (key !== this.loading?.spec.key) return;
    if (event.state === 'ready') this.loading.cost ??= event.cost;
    if (event.state === 'failed') this.fail(`the version cannot be loaded: ${event.reason}`);
  }

  private fail(reason: string): void {
    const { loading } = this;
    this.loading = undefined;
    loading?.failed(new StartError(`Nothing can be measured: ${reason}.`));
  }
}
