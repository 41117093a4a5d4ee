import { BatchGroup, type GroupBatch, type TextOutcome } from './batch-group.js';
import { answer, lose, pack, takeMessage } from './batch-message.js';
import type { BatchPlan } from './batch-plan.js';
import type { Task } from '../tasks/task.js';
import type { BatchDone } from '../protocol/protocol.js';
import type { Message, Seat, Source } from './source.js';

interface PlannedMessage extends Message {
  readonly batches: readonly GroupBatch[];
}

/**
 * The batches of a file's blocks, in order, each run exactly as it was planned. A batch that repeatedly kills its
 * worker is split into its texts, to find the text that causes it.
 */
export class PlannedBatches implements Source<PlannedMessage> {
  private queue: GroupBatch[] = [];
  private readonly groups = new Set<BatchGroup>();
  private failure: Error | undefined;

  /**
   * @param key the version that runs them
   * @param workers how many processes share them, so that all end together
   * @param task the task of the version
   */
  constructor(
    private readonly key: string,
    private readonly workers: number,
    private readonly task: Task,
  ) {}

  /** Batches that no worker has taken yet. */
  get waiting(): number {
    return this.queue.length;
  }

  /**
   * Queues a block's batches. The caller must then wake the lane.
   * @returns the outcome of each text of the plan; undefined when {@link dropUnstarted} dropped the block
   * @throws the error that was passed to {@link failed}, before this call or during it
   */
  async add(plan: BatchPlan): Promise<readonly TextOutcome[] | undefined> {
    if (this.failure !== undefined) throw this.failure;
    const group = new BatchGroup(plan);
    this.groups.add(group);
    this.queue.push(...group.batches());
    try {
      return await group.done;
    } finally {
      this.groups.delete(group);
    }
  }

  /** Drops the blocks of which no batch has been sent, so that the started ones end sooner. */
  dropUnstarted(): void {
    const dropped = [...this.groups].filter((group) => !group.started);
    this.queue = this.queue.filter(({ group }) => group.started);
    for (const group of dropped) group.drop();
  }

  next(seat: Seat): PlannedMessage | undefined {
    const { key } = this;
    if (this.queue.length === 0 || !seat.canRun(key)) return undefined;
    const taken = takeMessage(this.queue, this.workers, seat.costOf(key));
    if (taken === undefined) return undefined;
    for (const { group } of taken.batches) group.started = true;
    return { key, payload: { type: 'run_planned', runs: pack(taken.batches) }, ...taken };
  }

  done(message: PlannedMessage, result: BatchDone): void {
    this.putBack(answer(message, result, this.task));
  }

  lost(message: PlannedMessage, begun: boolean): void {
    this.putBack(begun ? lose(message) : message.batches);
  }

  failed(key: string | null, error: Error): void {
    if (key !== null && key !== this.key) return;
    this.failure = error;
    this.queue = [];
    for (const group of this.groups) group.fail(error);
  }

  /** Puts batches at the front of the queue: the file is written in order, and later blocks wait for these. */
  private putBack(batches: readonly GroupBatch[]): void {
    if (this.failure === undefined) this.queue.unshift(...batches);
  }
}
