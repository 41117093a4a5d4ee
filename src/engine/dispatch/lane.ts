import type { AppError } from '../../base/errors/app-error.js';
import { WATCHDOG_FACTOR } from '../protocol/cost-model.js';
import type { BatchDone, CostCoefficients } from '../protocol/protocol.js';
import { HangWatch } from '../pool/hang-watch.js';
import type { WorkerHandle } from '../pool/worker-handle.js';
import type { VersionEvent, WorkerPool } from '../pool/worker-pool.js';
import type { Source, SourceTerms } from './source.js';
import { WorkerSeat, type Work } from './worker-seat.js';

/**
 * How long before the predicted end of a run the next message is handed over: the time that a message takes to cross
 * the pipe and to be read. A later choice has more waiting texts, so it finds more texts of similar length.
 */
const HAND_OVER_LEAD_MS = 1.5;

export interface LaneOptions {
  /** A message may take this long beyond ten times its prediction, of the process's own time, before that is killed. */
  readonly watchdogMs: number;
  /** A worker whose process is larger than this after a message is replaced once it is idle. */
  readonly maxRssBytes: number;
}

/**
 * Feeds the workers of a pool from several sources; no other code sends work to them. It knows which message each
 * worker runs and which one waits there, when the next one is due, when a worker hangs or must be replaced, and which
 * source to notify when a message is answered or lost. It does not look at the work inside a message.
 *
 * The sources are asked in their order. While anything waits in one source, the sources behind it get no worker, even
 * if an idle worker could not run the waiting work. Therefore work of the first source never waits for a message of
 * another source that was started after that work arrived.
 *
 * The owner of the pool must forward the pool's events to the methods of the same names.
 */
export class Lane {
  private readonly seats = new Map<WorkerHandle, WorkerSeat>();
  private readonly costs = new Map<string, CostCoefficients>();
  private nextId = 1;
  private wakeScheduled = false;

  /** @param sources in the order in which they are asked */
  constructor(
    private readonly pool: Pick<WorkerPool, 'kill'>,
    private readonly sources: readonly SourceTerms[],
    private readonly options: LaneOptions,
  ) {}

  /**
   * Call this when work has arrived, or when work has left that other work waited for. The workers are fed only after
   * all requests that wait in the sockets now have been read, because their texts may share a batch.
   */
  wake(): void {
    if (this.wakeScheduled) return;
    this.wakeScheduled = true;
    setImmediate(() => {
      this.wakeScheduled = false;
      this.feed();
    });
  }

  /** Active workers; for a moment one of them may rest or load. */
  get workers(): number {
    let active = 0;
    for (const { worker } of this.seats.values()) if (worker.role === 'active') active++;
    return active;
  }

  /** Cost coefficients of a version, by the latest fit; undefined before any worker has loaded it. */
  costOf(key: string): CostCoefficients | undefined {
    return this.costs.get(key);
  }

  /** The worker can take messages of a further version, or has become active. */
  workerAvailable(worker: WorkerHandle): void {
    if (!this.seats.has(worker)) this.seats.set(worker, new WorkerSeat(worker, this.costs));
    this.feed();
  }

  /** The worker has answered a message. It gets its next one before the source looks at the answer. */
  batchDone(worker: WorkerHandle, result: BatchDone): void {
    const seat = this.seats.get(worker);
    const work = seat?.current;
    if (seat === undefined || work?.id !== result.batchId) return;
    const times = { dispatchedAt: seat.startedAt, resultAt: performance.now() };
    const { source, message } = work;
    seat.clearTimers();
    seat.current = undefined;
    seat.retiring ||= result.rssBytes > this.options.maxRssBytes;
    // A message that waits in a dying process was never started: workerLost returns it to its source.
    if (seat.ahead !== undefined && worker.alive) {
      const next = seat.ahead;
      seat.ahead = undefined;
      this.begin(seat, next);
    } else if (seat.retiring) {
      this.pool.kill(
        worker,
        'memory',
        `it used ${String(result.rssBytes)} bytes of memory, more than ${String(this.options.maxRssBytes)}`,
      );
    }
    // A version that was dropped meanwhile gets no cost again.
    if (result.ok && this.costs.has(message.key)) this.costs.set(message.key, result.cost);
    this.feed();
    source.done(message, result, times);
    // The source may want to run the parts of a message that failed.
    if (!result.ok) this.feed();
  }

  /** The process has ended, and its messages are lost. The source of each message decides what runs again. */
  workerLost(worker: WorkerHandle): void {
    const seat = this.seats.get(worker);
    if (seat === undefined) return;
    this.seats.delete(worker);
    seat.clearTimers();
    const { current, ahead } = seat;
    ahead?.source.lost(ahead.message, false, null);
    current?.source.lost(current.message, true, worker.endedByText(current.id));
    this.feed();
  }

  versionChanged(key: string, event: VersionEvent): void {
    if (event.state === 'ready' && !this.costs.has(key)) this.costs.set(key, event.cost);
  }

  /** A version cannot run any more: every source answers the work that waits for it with the error. */
  drop(key: string, error: AppError): void {
    this.costs.delete(key);
    for (const { source } of this.sources) source.failed(key, error);
  }

  /** Answers all waiting and running work with the error. The lane cannot be used afterwards. */
  close(error: AppError): void {
    for (const seat of this.seats.values()) {
      seat.clearTimers();
      // No worker died: the messages return to their sources unchanged, and then fail together with the waiting work.
      for (const work of [seat.current, seat.ahead]) work?.source.lost(work.message, false, null);
    }
    this.seats.clear();
    for (const { source } of this.sources) source.failed(null, error);
  }

  private feed(): void {
    const now = performance.now();
    this.feedIdle(now);
    this.feedAhead(now);
  }

  private feedIdle(now: number): void {
    for (const { source, keepOneIdle } of this.sources) {
      if (source.waiting === 0) continue;
      const seats = this.idleSeats(keepOneIdle);
      seats.forEach((seat, i) => {
        seat.idle = seats.length - i;
        this.give(seat, source, now);
      });
      if (source.waiting > 0) return;
    }
  }

  /** Seats of workers that wait for a message; a worker that rests, loads or has become the spare does not. */
  private idleSeats(keepOneIdle: boolean): WorkerSeat[] {
    const idle: WorkerSeat[] = [];
    let active = 0;
    for (const seat of this.seats.values()) {
      if (seat.worker.role === 'active') active++;
      if (seat.current === undefined && !seat.retiring && seat.worker.takesBatches) idle.push(seat);
    }
    if (keepOneIdle && active > 1) idle.shift();
    return idle;
  }

  /** Hands the next message to workers that are about to be free, and sets a timer for those that will be. */
  private feedAhead(now: number): void {
    for (const { source, handOver } of this.sources) {
      if (source.waiting === 0) continue;
      if (handOver === 'never') return;
      for (const seat of this.seats.values()) {
        if (seat.current === undefined || seat.retiring || seat.ahead !== undefined) continue;
        if (handOver === 'now' || now >= seat.handOverAt) {
          seat.idle = 1;
          this.give(seat, source, now);
          if (source.waiting === 0) break;
        } else {
          seat.handOver ??= setTimeout(() => {
            // A timer may fire a fraction of a millisecond before its time on this clock.
            seat.handOverAt = 0;
            seat.handOver = undefined;
            this.feedAhead(performance.now());
          }, seat.handOverAt - now);
        }
      }
      if (source.waiting > 0) return;
    }
  }

  private give(seat: WorkerSeat, source: Source, now: number): void {
    const message = source.next(seat, now);
    if (message === undefined) return;
    const work = { id: this.nextId++, source, message };
    seat.worker.run(work.id, message.key, message.payload);
    if (seat.current === undefined) this.begin(seat, work);
    else seat.ahead = work;
  }

  private begin(seat: WorkerSeat, work: Work): void {
    const { predictedMs } = work.message;
    const limitMs = this.options.watchdogMs + WATCHDOG_FACTOR * predictedMs;
    seat.current = work;
    seat.startedAt = performance.now();
    seat.handOverAt = seat.startedAt + predictedMs - HAND_OVER_LEAD_MS;
    seat.watchdog = new HangWatch(seat.worker.pid, limitMs, () => {
      this.pool.kill(
        seat.worker,
        'watchdog',
        `it did not answer within ${String(Math.round(limitMs))} ms of its own time`,
      );
    });
  }
}
