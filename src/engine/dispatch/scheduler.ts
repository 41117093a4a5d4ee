import { AppError } from '../../base/errors/app-error.js';
import type { Priority } from './executor.js';
import type { PendingText } from './pending-text.js';
import { stagesOf, type Passage } from './inference-stages.js';
import { TextQueue, type BatchLimits } from './text-queue.js';
import { WorkerSlot, type Batch } from './worker-slot.js';
import { answerOf, rowsOfText } from '../tasks/message-rows.js';
import { predictMs, WATCHDOG_FACTOR } from '../protocol/cost-model.js';
import type { BatchDone, BatchTimings, CostCoefficients } from '../protocol/protocol.js';
import type { LossReason } from '../pool/worker-pool.js';
import type { WorkerHandle } from '../pool/worker-handle.js';

/**
 * How long before the predicted end of a run the next batch is handed over: what the message takes to cross the
 * pipe and to be read. The later the choice is made, the more texts there are to choose like lengths from.
 */
const HAND_OVER_LEAD_MS = 1.5;

/** Runs in which one text, on its own, may take a worker down before it is blamed. */
const DEATHS_ALONE_THAT_CONDEMN_A_TEXT = 2;

/** How the scheduler sees one version. */
export interface VersionPlan {
  readonly key: string;
  readonly cost: CostCoefficients;
  readonly maxPaddedTokens: number;
  readonly runsAlone: boolean;
}

export interface SchedulerPorts {
  /** Ends a worker that hangs, or has grown too large, so that the pool replaces it. */
  kill(worker: WorkerHandle, reason: LossReason): void;
  /** Texts that have left: answered, or dropped because nobody waits for them. */
  released(items: readonly PendingText[]): void;
  batchFinished(key: string, texts: number, timings: BatchTimings): void;
  /** A user's text whose worker died or hung with it, and whose user has left before it could be tried again. */
  lostForUser(key: string): void;
}

export interface SchedulerOptions {
  readonly watchdogMs: number;
  readonly maxRssBytes: number;
}

type BatchTimes = Omit<Passage, 'admittedAt'>;

interface Lane {
  plan: VersionPlan;
  readonly queues: Readonly<Record<Priority, TextQueue<PendingText>>>;
}

/**
 * Pulls batches from the queues for whichever worker is free, and decides what becomes of a batch that is lost.
 *
 * Background texts never delay a user: they go only when no user's text waits for any version, one at a time, never
 * ahead of time, and never to the last idle worker of several. So whoever arrives finds a worker free, or, where
 * there is one alone, waits for one short run.
 */
export class Scheduler {
  private readonly lanes = new Map<string, Lane>();
  private readonly slots = new Map<WorkerHandle, WorkerSlot>();
  private nextBatchId = 1;
  private dispatchScheduled = false;

  constructor(
    private readonly options: SchedulerOptions,
    private readonly ports: SchedulerPorts,
  ) {}

  /** Texts of users that wait. */
  get queuedTexts(): number {
    let texts = 0;
    for (const { queues } of this.lanes.values()) texts += queues.user.size;
    return texts;
  }

  /** Texts of a version that wait or are with a worker. */
  textsOf(key: string): number {
    const lane = this.lanes.get(key);
    const inHand = [...this.slots.values()].flatMap(({ current, ahead }) => [current, ahead]);
    return inHand.reduce(
      (texts, batch) => texts + (batch?.key === key ? batch.items.length : 0),
      (lane?.queues.user.size ?? 0) + (lane?.queues.background.size ?? 0),
    );
  }

  /** Makes a version schedulable that is not yet. */
  setPlan(plan: VersionPlan): void {
    this.lanes.set(plan.key, { plan, queues: { user: new TextQueue(), background: new TextQueue() } });
  }

  hasPlan(key: string): boolean {
    return this.lanes.has(key);
  }

  /** Puts texts in the queues of their versions, each of which has a plan. */
  enqueue(items: readonly PendingText[]): void {
    for (const item of items) this.lanes.get(item.key)?.queues[item.priority].push(item);
    this.scheduleDispatch();
  }

  /** Drops a text that is settled and still waits; one in a worker is released when its batch ends. */
  discard(item: PendingText): void {
    const dropped = this.lanes.get(item.key)?.queues[item.priority].remove(item) ?? false;
    if (!dropped) return;
    this.countLost(item);
    this.ports.released([item]);
    // It may have been the last text of a user that background texts had to wait for.
    this.scheduleDispatch();
  }

  workerAvailable(worker: WorkerHandle): void {
    if (!this.slots.has(worker)) this.slots.set(worker, new WorkerSlot(worker));
    this.dispatch();
  }

  batchDone(worker: WorkerHandle, message: BatchDone): void {
    const slot = this.slots.get(worker);
    const batch = slot?.current;
    if (slot === undefined || batch?.id !== message.batchId) return;
    const times = { dispatchedAt: slot.startedAt, resultAt: performance.now() };
    slot.clearTimers();
    slot.current = undefined;
    slot.retiring ||= message.rssBytes > this.options.maxRssBytes;
    // What lies ahead in a process that is about to be gone was never started: workerLost puts it back.
    if (slot.ahead !== undefined && worker.alive) {
      const next = slot.ahead;
      slot.ahead = undefined;
      this.begin(slot, next);
    } else if (slot.retiring) {
      this.ports.kill(worker, 'memory');
    }
    if (message.ok) this.updateCost(batch.key, message.cost);
    // The worker gets its next batch before this one's answers are written.
    this.dispatch();
    this.answer(batch, message, times);
  }

  /**
   * The texts that ran when the process died are tried once more, each alone. What had been handed over ahead was
   * not started: it goes back as it was.
   */
  workerLost(worker: WorkerHandle): void {
    const slot = this.slots.get(worker);
    if (slot === undefined) return;
    this.slots.delete(worker);
    slot.clearTimers();
    if (slot.ahead !== undefined) this.requeue(slot.ahead.key, slot.ahead.items);
    if (slot.current !== undefined) this.retryAlone(slot.current);
    this.dispatch();
  }

  /** Forgets a version and fails the texts that wait for it. */
  drop(key: string, error: AppError): void {
    const lane = this.lanes.get(key);
    if (lane === undefined) return;
    this.lanes.delete(key);
    const items = [...lane.queues.user.clear(), ...lane.queues.background.clear()];
    for (const item of items) item.fail(error);
    this.ports.released(items);
  }

  /** Answers whatever waits or runs with this error, for good. */
  close(error: AppError): void {
    for (const key of [...this.lanes.keys()]) this.drop(key, error);
    for (const slot of this.slots.values()) {
      slot.clearTimers();
      for (const item of [...(slot.current?.items ?? []), ...(slot.ahead?.items ?? [])]) item.fail(error);
    }
    this.slots.clear();
  }

  private retryAlone(batch: Batch): void {
    const [only] = batch.items;
    for (const item of batch.items) {
      item.lost = true;
      this.countLost(item);
    }
    if (batch.items.length === 1 && only !== undefined) only.deathsAlone++;
    const condemned = batch.items.filter((item) => item.deathsAlone >= DEATHS_ALONE_THAT_CONDEMN_A_TEXT);
    for (const item of condemned) {
      item.fail(new AppError('INFERENCE_FAILED', 'This text, on its own, ended two worker processes.'));
    }
    this.ports.released(condemned);
    const again = batch.items.filter((item) => !condemned.includes(item));
    for (const item of again) item.alone = true;
    this.requeue(batch.key, again);
  }

  private countLost({ key, lost, settled, priority }: PendingText): void {
    if (lost && settled && priority === 'user') this.ports.lostForUser(key);
  }

  /** Puts back what somebody still waits for. */
  private requeue(key: string, items: readonly PendingText[]): void {
    const queues = this.lanes.get(key)?.queues;
    if (queues === undefined) {
      for (const item of items) item.fail(new AppError('VERSION_NOT_READY', 'The version was unloaded.'));
      this.ports.released(items);
      return;
    }
    this.ports.released(items.filter((item) => item.settled));
    const waiting = items.filter((item) => !item.settled);
    queues.user.putBack(waiting.filter(({ priority }) => priority === 'user'));
    queues.background.putBack(waiting.filter(({ priority }) => priority === 'background'));
  }

  private updateCost(key: string, cost: CostCoefficients): void {
    const lane = this.lanes.get(key);
    if (lane !== undefined) lane.plan = { ...lane.plan, cost };
  }

  private answer(batch: Batch, message: BatchDone, times: BatchTimes): void {
    if (!message.ok) {
      if (batch.items.length > 1) {
        for (const item of batch.items) item.alone = true;
        this.requeue(batch.key, batch.items);
        this.dispatch();
        return;
      }
      const cause = new Error(message.message);
      batch.items[0]?.fail(new AppError(message.code, 'The model could not process this text.', { cause }));
      this.ports.released(batch.items);
      return;
    }
    const { rows, timings } = message;
    this.ports.batchFinished(batch.key, batch.items.length, timings);
    batch.items.forEach((item, i) => {
      const ofText = rowsOfText(rows, i);
      if (ofText === undefined) {
        item.fail(new AppError('INTERNAL', 'The worker answered fewer rows than it was given texts.'));
        return;
      }
      item.settle({
        ok: true,
        value: {
          answer: answerOf(item.task, ofText),
          admittedAt: item.enqueuedAt,
          resultAt: times.resultAt,
          ...stagesOf({ admittedAt: item.enqueuedAt, ...times }, timings),
          batchSize: batch.items.length,
        },
      });
    });
    this.ports.released(batch.items);
  }

  /** After the requests that the sockets hold right now have all been read: they may share a batch. */
  private scheduleDispatch(): void {
    if (this.dispatchScheduled) return;
    this.dispatchScheduled = true;
    setImmediate(() => {
      this.dispatchScheduled = false;
      this.dispatch();
    });
  }

  private dispatch(): void {
    const idle = this.idleSlots();
    idle.forEach((slot, i) => {
      const batch = this.pull(slot, 'user', idle.length - i);
      if (batch !== undefined) this.begin(slot, batch);
    });
    this.dispatchBackground();
    this.handOverAhead();
  }

  /** Workers that wait for a batch; one that rests, loads or has become the spare does not. */
  private idleSlots(): WorkerSlot[] {
    return [...this.slots.values()].filter((slot) => slot.idle && !slot.retiring && slot.worker.takesBatches);
  }

  private dispatchBackground(): void {
    if (this.queuedTexts > 0) return;
    const idle = this.idleSlots();
    const active = [...this.slots.values()].filter(({ worker }) => worker.role === 'active').length;
    for (const slot of active > 1 ? idle.slice(1) : idle) {
      const batch = this.pull(slot, 'background', 1);
      if (batch !== undefined) this.begin(slot, batch);
    }
  }

  /** Hands the next batch to workers that are about to be free, and sets a timer for those that will be. */
  private handOverAhead(): void {
    const now = performance.now();
    for (const slot of this.slots.values()) {
      if (this.queuedTexts === 0) return;
      if (slot.idle || slot.retiring || slot.ahead !== undefined) continue;
      if (now >= slot.handOverAt) {
        slot.ahead = this.pull(slot, 'user', 1);
      } else {
        slot.handOver ??= setTimeout(() => {
          // A timer may fire a fraction of a millisecond before its time on this clock.
          slot.handOverAt = 0;
          slot.handOver = undefined;
          this.handOverAhead();
        }, slot.handOverAt - now);
      }
    }
  }

  /** Takes the next batch for this worker, from the version whose oldest text has waited longest, and sends it. */
  private pull(slot: WorkerSlot, priority: Priority, idleWorkers: number): Batch | undefined {
    let chosen: Lane | undefined;
    let oldestAt = Infinity;
    for (const lane of this.lanes.values()) {
      const queue = lane.queues[priority];
      if (queue.oldestAt >= oldestAt || !slot.worker.canRun(lane.plan.key)) continue;
      chosen = lane;
      oldestAt = queue.oldestAt;
    }
    if (chosen === undefined) return undefined;
    const { key, cost, maxPaddedTokens, runsAlone } = chosen.plan;
    const limits: BatchLimits = {
      cost,
      maxPaddedTokens,
      runsAlone: runsAlone || priority === 'background',
      idleWorkers,
    };
    const items = chosen.queues[priority].take(limits);
    const longest = items.at(-1)?.tokens ?? 0;
    const predictedMs = predictMs(cost, items.length, longest);
    const batch = { id: this.nextBatchId++, key, items, predictedMs };
    slot.worker.run(
      batch.id,
      key,
      items.map((item) => item.text),
    );
    return batch;
  }

  private begin(slot: WorkerSlot, batch: Batch): void {
    const now = performance.now();
    slot.current = batch;
    slot.startedAt = now;
    slot.watchdog = setTimeout(
      () => {
        // After a pause of this whole process the timer fires before the answers that came meanwhile are read.
        setImmediate(() => {
          if (slot.current === batch) this.ports.kill(slot.worker, 'watchdog');
        });
      },
      this.options.watchdogMs + WATCHDOG_FACTOR * batch.predictedMs,
    );
    slot.handOverAt = now + batch.predictedMs - HAND_OVER_LEAD_MS;
  }
}
