import type { PendingText } from './pending-text.js';
import type { WorkerHandle } from '../pool/worker-handle.js';

/** Texts that went to a worker in one message. */
export interface Batch {
  readonly id: number;
  readonly key: string;
  readonly items: readonly PendingText[];
  readonly predictedMs: number;
}

/** What one worker has in hand: the batch that it runs, and the one handed over ahead so that it never waits. */
export class WorkerSlot {
  current: Batch | undefined;
  ahead: Batch | undefined;
  /** `performance.now()` when `current` began: when it was sent, or when the one before it ended. */
  startedAt = 0;
  /** `performance.now()` from which the next batch should be handed over. */
  handOverAt = Infinity;
  /** Set when the process has grown too large: it ends what it has and gets no more. */
  retiring = false;
  watchdog: NodeJS.Timeout | undefined;
  handOver: NodeJS.Timeout | undefined;

  constructor(readonly worker: WorkerHandle) {}

  get idle(): boolean {
    return this.current === undefined;
  }

  clearTimers(): void {
    clearTimeout(this.watchdog);
    clearTimeout(this.handOver);
    this.handOver = undefined;
    this.handOverAt = Infinity;
  }
}
