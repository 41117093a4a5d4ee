import { AppError } from '../../../../src/base/errors/app-error.js';
import type { TextOutcome } from '../../../../src/engine/dispatch/batch-group.js';
import type { Priority } from '../../../../src/engine/dispatch/executor.js';
import { Lane } from '../../../../src/engine/dispatch/lane.js';
import { PlannedBatches } from '../../../../src/engine/dispatch/planned-batches.js';
import { QueuedTexts } from '../../../../src/engine/dispatch/queued-texts.js';
import type { HandOver } from '../../../../src/engine/dispatch/source.js';
import type { WorkerHandle } from '../../../../src/engine/pool/worker-handle.js';
import type { CostCoefficients } from '../../../../src/engine/protocol/protocol.js';
import { taskNamed } from '../../../../src/engine/tasks/table.js';
import { doneWith, failedWith, FakeWorker } from './fake-worker.js';
import { WaitingText } from './pending-texts.js';

export const SECOND: CostCoefficients = { fixedMs: 1_000, perTokenMs: 0, perTokenSquaredMs: 0 };
/** A run is predicted to end in a moment: the next message of a late source is due. */
export const AT_ONCE: CostCoefficients = { fixedMs: 1, perTokenMs: 0, perTokenSquaredMs: 0 };
export const CLOSED = new AppError('SHUTTING_DOWN', 'closed');
export const MAX_RSS_BYTES = 1_000;
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Setting {
  readonly workers?: number;
  readonly cost?: CostCoefficients;
  readonly watchdogMs?: number;
  readonly jobsHandOver?: HandOver;
}

/** One lane with all three sources: texts of users, background texts, and a job that yields to both. */
export class House {
  readonly texts: Readonly<Record<Priority, QueuedTexts>>;
  readonly jobs = new PlannedBatches('v1', 2, taskNamed('text-classification'));
  readonly lane: Lane;
  readonly workers: FakeWorker[] = [];
  readonly killed: string[] = [];
  /** Messages that the workers have, the one that runs first. */
  readonly inHand = new Map<FakeWorker, FakeWorker['sent']>();
  /** Each message that was started or handed ahead: what it carried. */
  readonly order: string[] = [];
  readonly cost: CostCoefficients;

  constructor({ workers = 1, cost = SECOND, watchdogMs = 60_000, jobsHandOver = 'late' }: Setting = {}) {
    this.cost = cost;
    const events = {
      released: () => undefined,
      batchFinished: () => undefined,
      lostForUser: () => undefined,
    };
    this.texts = { user: new QueuedTexts(false, events), background: new QueuedTexts(true, events) };
    this.lane = new Lane(
      {
        kill: (worker: WorkerHandle, reason) => {
          this.killed.push(reason);
          (worker as unknown as FakeWorker).alive = false;
        },
      },
      [
        { source: this.texts.user, handOver: 'late', keepOneIdle: false },
        { source: this.texts.background, handOver: 'never', keepOneIdle: true },
        { source: this.jobs, handOver: jobsHandOver, keepOneIdle: false },
      ],
      { watchdogMs, maxRssBytes: MAX_RSS_BYTES },
    );
    this.lane.versionChanged('v1', { state: 'ready', cost });
    for (const source of Object.values(this.texts))
      source.open('v1', { maxPaddedTokens: 512, runsAlone: false });
    for (let i = 0; i < workers; i++) this.start();
  }

  start(): FakeWorker {
    const worker = new FakeWorker();
    this.inHand.set(worker, []);
    worker.onSent = (message) => {
      const { payload } = message;
      this.inHand.get(worker)?.push(message);
      this.order.push(payload.type === 'run' ? payload.texts.join(' ') : 'job');
      this.onSent(worker);
    };
    this.workers.push(worker);
    this.lane.workerAvailable(worker.handle);
    return worker;
  }

  onSent: (worker: FakeWorker) => void = () => undefined;

  add(priority: Priority, ...texts: string[]): WaitingText[] {
    const items = texts.map((text) => new WaitingText(text, { now: performance.now(), priority }));
    this.texts[priority].add(items);
    this.lane.wake();
    return items;
  }

  /** So many batches of one text each. */
  addJob(batches: number): Promise<readonly TextOutcome[] | undefined> {
    const encodings = Array.from({ length: batches }, () => ({ ids: [1, 2], truncated: false }));
    const ends = encodings.map((_, i) => i + 1);
    const outcomes = this.jobs.add({ encodings, ends, indices: [] });
    // Some tests end before their jobs do.
    outcomes.catch(() => undefined);
    this.lane.wake();
    return outcomes;
  }

  finish(worker: FakeWorker, rssBytes = 1): void {
    const message = this.inHand.get(worker)?.shift();
    if (message === undefined) throw new Error('the worker runs nothing');
    const { batchId, payload } = message;
    this.lane.batchDone(worker.handle, doneWith(batchId, payload, { cost: this.cost, rssBytes }));
  }

  fail(worker: FakeWorker): void {
    const message = this.inHand.get(worker)?.shift();
    if (message !== undefined) this.lane.batchDone(worker.handle, failedWith(message.batchId));
  }

  /** The worker dies, and another one takes its place. */
  replace(worker: FakeWorker): FakeWorker {
    worker.alive = false;
    this.inHand.delete(worker);
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.lane.workerLost(worker.handle);
    return this.start();
  }

  get first(): FakeWorker {
    const [worker] = this.workers;
    if (worker === undefined) throw new Error('no worker');
    return worker;
  }

  async end(): Promise<void> {
    this.lane.close(CLOSED);
    await turn();
  }
}
