import { AppError } from '../../base/errors/app-error.js';
import { StartError } from '../../base/errors/start-error.js';
import type { BatchDone, VersionSpec } from '../protocol/protocol.js';
import {
  START_TIMEOUT_MS,
  WorkerPool,
  type LossReason,
  type PoolListener,
  type VersionEvent,
} from '../pool/worker-pool.js';
import type { WorkerHandle } from '../pool/worker-handle.js';
import type { TextOutcome } from './batch-group.js';
import type { BatchPlan } from './batch-plan.js';
import { taskNamed } from '../tasks/table.js';
import { Lane } from './lane.js';
import { PlannedBatches } from './planned-batches.js';

export interface PlanRunnerOptions {
  /** Script that each worker process runs. */
  readonly entryFile: string;
  readonly workers: number;
  readonly watchdogMs: number;
  readonly maxRssBytes: number;
  /** Called with a sentence when a worker is lost. */
  readonly onLoss: (sentence: string) => void;
  /** Called whenever there may be room for more batches. */
  readonly onProgress: () => void;
}

/** Worker processes for one version, and a lane that gives them only the batches of plans. */
export class PlanRunner implements PoolListener {
  /** `performance.now()` when the first worker was ready; null before. */
  readySince: number | null = null;
  /** Resident memory of the largest worker so far; 0 before the first answer. */
  largestRssBytes = 0;
  /** Texts that the workers have answered so far, in all blocks. */
  answeredTexts = 0;
  private readonly pool: WorkerPool;
  private readonly batches: PlannedBatches;
  private readonly lane: Lane;

  constructor(
    private readonly spec: VersionSpec,
    private readonly options: PlanRunnerOptions,
  ) {
    const { entryFile, workers, watchdogMs, maxRssBytes } = options;
    // No spare: a second spent on loading a replacement costs a file less than the memory of an idle process.
    this.pool = new WorkerPool(
      { entryFile, workers, spareWorkers: 0, startTimeoutMs: START_TIMEOUT_MS },
      this,
    );
    this.batches = new PlannedBatches(spec.key, workers, taskNamed(spec.task));
    this.lane = new Lane(this.pool, [{ source: this.batches, handOver: 'now', keepOneIdle: false }], {
      watchdogMs,
      maxRssBytes,
    });
    this.pool.load(spec);
    this.pool.start();
  }

  /** Batches that no worker has taken yet. */
  get waiting(): number {
    return this.batches.waiting;
  }

  /**
   * Runs a block's batches.
   * @returns the outcome of each text of the plan; undefined when {@link dropUnstarted} dropped the block
   * @throws StartError when no worker process can load the version
   */
  run(plan: BatchPlan): Promise<readonly TextOutcome[] | undefined> {
    const outcomes = this.batches.add(plan);
    this.lane.wake();
    return outcomes;
  }

  /** Drops the blocks of which no batch has been sent, so that the started ones end sooner. */
  dropUnstarted(): void {
    this.batches.dropUnstarted();
  }

  /** Ends the worker processes; a block that has no outcome yet is rejected. */
  async close(): Promise<void> {
    this.lane.close(new AppError('SHUTTING_DOWN', 'The worker processes were ended before this block.'));
    await this.pool.close();
  }

  workerAvailable(worker: WorkerHandle): void {
    if (worker.canRun(this.spec.key)) this.readySince ??= performance.now();
    this.lane.workerAvailable(worker);
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    this.largestRssBytes = Math.max(this.largestRssBytes, message.rssBytes);
    if (message.ok) this.answeredTexts += message.rows.truncated.length;
    this.lane.batchDone(worker, message);
    this.options.onProgress();
  }

  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void {
    this.lane.workerLost(worker);
    const { exhausted, ready } = this.pool.status();
    if (exhausted && ready === 0) {
      this.fail(`No worker process starts (the last one: ${how}).`);
      return;
    }
    this.options.onLoss(`a worker process was lost (${reason}: ${how}); what it was running runs again`);
    this.options.onProgress();
  }

  versionChanged(key: string, event: VersionEvent): void {
    this.lane.versionChanged(key, event);
    if (event.state === 'failed') this.fail(`The version cannot be loaded: ${event.reason}`);
  }

  private fail(sentence: string): void {
    this.batches.failed(null, new StartError(sentence));
    this.options.onProgress();
  }
}
