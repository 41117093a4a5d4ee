import { StartError } from '../../base/errors/start-error.js';
import { WATCHDOG_FACTOR } from '../protocol/cost-model.js';
import type { BatchDone, CostCoefficients, VersionSpec } from '../protocol/protocol.js';
import {
  START_TIMEOUT_MS,
  WorkerPool,
  type LossReason,
  type PoolListener,
  type VersionEvent,
} from '../pool/worker-pool.js';
import type { WorkerHandle } from '../pool/worker-handle.js';
import { BatchGroup, type GroupBatch, type TextOutcome } from './batch-group.js';
import { answer, lose, pack, takeMessage, type BatchMessage } from './batch-message.js';
import { taskNamed } from '../tasks/table.js';
import type { Task } from '../tasks/task.js';
import type { BatchPlan } from './batch-plan.js';

export interface DispatcherOptions {
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

/** What one worker has in hand: the message that it runs, and the one behind it, so that it never waits for the pipe. */
interface Slot {
  running: BatchMessage | undefined;
  ahead: BatchMessage | undefined;
  watchdog: NodeJS.Timeout | undefined;
  /** The process has grown too large: it gets no more, and is replaced once it is idle. */
  retiring: boolean;
}

/** Keeps every worker busy with the batches of the blocks, in order, exactly as they were planned. */
export class BatchDispatcher implements PoolListener {
  /** `performance.now()` when the first worker was ready; null before. */
  readySince: number | null = null;
  /** Resident memory of the largest worker so far; 0 before the first answer. */
  largestRssBytes = 0;
  private readonly pool: WorkerPool;
  private readonly task: Task;
  private readonly slots = new Map<WorkerHandle, Slot>();
  private queue: GroupBatch[] = [];
  private readonly groups = new Set<BatchGroup>();
  private cost: CostCoefficients | undefined;
  private nextMessageId = 1;
  private failure: Error | undefined;

  constructor(
    private readonly spec: VersionSpec,
    private readonly options: DispatcherOptions,
  ) {
    const { entryFile, workers } = options;
    this.task = taskNamed(spec.task);
    // No spare: a second spent on loading a replacement costs a file less than the memory of an idle process.
    this.pool = new WorkerPool(
      { entryFile, workers, spareWorkers: 0, startTimeoutMs: START_TIMEOUT_MS },
      this,
    );
    this.pool.load(spec);
    this.pool.start();
  }

  /** Batches that no worker has taken yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Runs a block's batches.
   * @returns what became of each text of the plan; undefined when {@link dropUnstarted} came first
   * @throws StartError when no worker process can load the version
   */
  async run(plan: BatchPlan): Promise<readonly TextOutcome[] | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const group = new BatchGroup(plan);
    this.groups.add(group);
    this.queue.push(...group.batches());
    this.dispatch();
    try {
      return await group.done;
    } finally {
      this.groups.delete(group);
    }
  }

  /** Gives up the blocks of which no batch has been sent, so that those under way end sooner. */
  dropUnstarted(): void {
    const dropped = [...this.groups].filter((group) => !group.started);
    this.queue = this.queue.filter(({ group }) => group.started);
    for (const group of dropped) group.drop();
  }

  async close(): Promise<void> {
    for (const slot of this.slots.values()) clearTimeout(slot.watchdog);
    await this.pool.close();
  }

  workerAvailable(worker: WorkerHandle): void {
    if (this.slots.has(worker) || !worker.canRun(this.spec.key)) return;
    this.readySince ??= performance.now();
    this.slots.set(worker, { running: undefined, ahead: undefined, watchdog: undefined, retiring: false });
    this.dispatch();
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    const slot = this.slots.get(worker);
    if (slot?.running?.id !== message.batchId) return;
    const { running } = slot;
    clearTimeout(slot.watchdog);
    slot.running = undefined;
    if (message.ok) this.cost = message.cost;
    this.largestRssBytes = Math.max(this.largestRssBytes, message.rssBytes);
    slot.retiring ||= message.rssBytes > this.options.maxRssBytes;
    const next = slot.ahead;
    slot.ahead = undefined;
    if (next !== undefined) this.begin(worker, slot, next);
    else if (slot.retiring) {
      this.slots.delete(worker);
      this.pool.kill(worker, 'memory');
    }
    // The worker gets its next message before the rows of this one are looked at.
    this.dispatch();
    this.requeue(answer(running, message, this.task));
    this.options.onProgress();
  }

  workerLost(worker: WorkerHandle, reason: LossReason, how: string): void {
    const { exhausted, ready } = this.pool.status();
    if (exhausted && ready === 0) {
      this.fail(`No worker process starts (the last one ended with ${how}).`);
      return;
    }
    this.options.onLoss(`a worker process was lost (${reason}: ${how}); what it was running runs again`);
    const slot = this.slots.get(worker);
    if (slot === undefined) return;
    this.slots.delete(worker);
    clearTimeout(slot.watchdog);
    if (slot.ahead !== undefined) this.requeue(slot.ahead.batches);
    if (slot.running !== undefined) this.requeue(lose(slot.running));
    this.options.onProgress();
  }

  versionChanged(_key: string, event: VersionEvent): void {
    if (event.state === 'ready') this.cost ??= event.cost;
    if (event.state === 'failed') this.fail(`The version cannot be loaded: ${event.reason}`);
  }

  private fail(sentence: string): void {
    this.failure = new StartError(sentence);
    this.queue = [];
    for (const group of this.groups) group.fail(this.failure);
    this.options.onProgress();
  }

  private requeue(batches: readonly GroupBatch[]): void {
    if (batches.length === 0) return;
    this.queue.unshift(...batches);
    this.dispatch();
  }

  private dispatch(): void {
    for (const [worker, slot] of this.slots) {
      if (slot.running === undefined) this.send(worker, slot);
    }
    for (const [worker, slot] of this.slots) {
      if (slot.running !== undefined && slot.ahead === undefined) this.send(worker, slot);
    }
  }

  private send(worker: WorkerHandle, slot: Slot): void {
    if (slot.retiring) return;
    const message = takeMessage(this.queue, this.nextMessageId, this.options.workers, this.cost);
    if (message === undefined) return;
    this.nextMessageId++;
    for (const { group } of message.batches) group.started = true;
    worker.runPlanned(message.id, this.spec.key, pack(message.batches));
    if (slot.running === undefined) this.begin(worker, slot, message);
    else slot.ahead = message;
  }

  private begin(worker: WorkerHandle, slot: Slot, message: BatchMessage): void {
    slot.running = message;
    slot.watchdog = setTimeout(
      () => {
        this.pool.kill(worker, 'watchdog');
      },
      this.options.watchdogMs + WATCHDOG_FACTOR * message.expectedMs,
    );
  }
}
