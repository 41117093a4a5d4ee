import { AppError } from '../../base/errors/app-error.js';
import { StartError } from '../../base/errors/start-error.js';

import { Lane } from '../../engine/dispatch/lane.js';
import { PendingText, type RowsOutcome } from '../../engine/dispatch/pending-text.js';
import { QueuedTexts } from '../../engine/dispatch/queued-texts.js';
import type { BatchDone, VersionSpec } from '../../engine/protocol/protocol.js';
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
  readonly done: () => void;
  readonly failed: (error: StartError) => void;
}

/**
 * The service's own lane, queue and worker processes, with one version at a time and without HTTP. Settings that a
 * manifest has are given to it instead, so that they can be tried without changing a version.
 */
export class Rig implements PoolListener {
  /** Worker processes lost so far. */
  losses = 0;
  private readonly pool: WorkerPool;
  private readonly texts = new QueuedTexts(false, {
    released: () => undefined,
    batchFinished: () => undefined,
    lostForUser: () => undefined,
  });
  private readonly lane: Lane;
  private loading: Loading | undefined;
  private loaded: VersionSpec | undefined;

  constructor(
    readonly workers: number,
    { workerWatchdogMs, workerMaxRssBytes }: RigSettings,
  ) {
    this.pool = new WorkerPool(
      { entryFile: WORKER_ENTRY_FILE, workers, spareWorkers: 0, startTimeoutMs: START_TIMEOUT_MS },
      this,
    );
    this.lane = new Lane(this.pool, [{ source: this.texts, handOver: 'late', keepOneIdle: false }], {
      watchdogMs: workerWatchdogMs,
      maxRssBytes: workerMaxRssBytes,
    });
    this.pool.start();
  }

  /**
   * Gives up what is loaded, and loads this into every worker.
   * @throws StartError when it cannot be loaded
   */
  async load(spec: VersionSpec): Promise<void> {
    if (this.loaded !== undefined) {
      const { key } = this.loaded;
      this.loaded = undefined;
      this.lane.drop(key, new AppError('VERSION_NOT_READY', 'Another setting is measured now.'));
      await this.pool.unload(key);
    }
    await new Promise<void>((done, failed) => {
      this.loading = { spec, done, failed };
      this.pool.load(spec);
    });
  }

  /** From now on batches are cut at this budget; nothing may be queued. */
  limitBatches(maxPaddedTokens: number): void {
    const { key, batching } = this.spec();
    this.texts.open(key, { maxPaddedTokens, runsAlone: batching.runs_alone });
  }

  /** Never rejects. */
  run(text: string): Promise<RowsOutcome> {
    const { key, maxTokens } = this.spec();
    const enqueuedAt = performance.now();
    const tokens = estimateTokens(text, maxTokens);
    const work = {
      range: null,
      sequences: 1,
      tokens,
      workMs: 0,
      soloMs: 0,
      enqueuedAt,
      turnAt: enqueuedAt,
      priority: 'user',
    } as const;
    return new Promise((resolve) => {
      this.texts.add([new PendingText(key, { text }, work, resolve)]);
      this.lane.wake();
    });
  }

  async close(): Promise<void> {
    this.lane.close(new AppError('SHUTTING_DOWN', 'The measurement is over.'));
    await this.pool.close();
  }

  workerAvailable(worker: WorkerHandle): void {
    this.lane.workerAvailable(worker);
    const { loading } = this;
    if (loading === undefined) return;
    if (!this.pool.active().every((one) => one.has(loading.spec.key))) return;
    this.loading = undefined;
    this.loaded = loading.spec;
    this.limitBatches(loading.spec.batching.max_padded_tokens);
    loading.done();
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    this.lane.batchDone(worker, message);
  }

  workerLost(worker: WorkerHandle, _reason: LossReason, how: string): void {
    this.losses++;
    this.lane.workerLost(worker);
    const { exhausted, ready } = this.pool.status();
    if (exhausted && ready === 0) this.fail(`no worker process starts (the last one: ${how})`);
  }

  versionChanged(key: string, event: VersionEvent): void {
    this.lane.versionChanged(key, event);
    if (key !== this.loading?.spec.key) return;
    if (event.state === 'failed') this.fail(`the version cannot be loaded: ${event.reason}`);
  }

  private spec(): VersionSpec {
    if (this.loaded === undefined) throw new Error('nothing is loaded');
    return this.loaded;
  }

  private fail(reason: string): void {
    const { loading } = this;
    this.loading = undefined;
    loading?.failed(new StartError(`Nothing can be measured: ${reason}.`));
  }
}
