import type { CostCoefficients } from '../protocol/protocol.js';
import type { HangWatch } from '../pool/hang-watch.js';
import type { WorkerHandle } from '../pool/worker-handle.js';
import type { Message, Seat, Source } from './source.js';

/** A message that a worker has, and the source to notify when the message ends. */
export interface Work {
  readonly id: number;
  readonly source: Source;
  readonly message: Message;
}

/** The work of one worker: the message that it runs, and the next message, handed over ahead so that it never waits. */
export class WorkerSeat implements Seat {
  /** Set by the lane before it asks a source. */
  idle = 1;
  current: Work | undefined;
  ahead: Work | undefined;
  /** `performance.now()` when `current` began: when it was sent, or when the message before it ended. */
  startedAt = 0;
  /** `performance.now()` from which the next message of a source with a late hand-over is due. */
  handOverAt = Infinity;
  /** Set when the process uses too much memory: it finishes its messages and gets no more. */
  retiring = false;
  watchdog: HangWatch | undefined;
  handOver: NodeJS.Timeout | undefined;

  constructor(
    readonly worker: WorkerHandle,
    private readonly costs: ReadonlyMap<string, CostCoefficients>,
  ) {}

  canRun(key: string): boolean {
    return this.worker.canRun(key);
  }

  costOf(key: string): CostCoefficients | undefined {
    return this.costs.get(key);
  }

  clearTimers(): void {
    this.watchdog?.stop();
    clearTimeout(this.handOver);
    this.handOver = undefined;
    this.handOverAt = Infinity;
  }
}
