import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import type { Outcome, Priority } from '../../../../src/engine/dispatch/executor.js';
import { PendingText } from '../../../../src/engine/dispatch/pending-text.js';
import { Scheduler } from '../../../../src/engine/dispatch/scheduler.js';
import type { WorkerHandle } from '../../../../src/engine/pool/worker-handle.js';

const COST = { fixedMs: 1_000, perTokenMs: 0, perTokenSquaredMs: 0 };
const GONE = new AppError('DEADLINE_EXCEEDED', 'nobody waits');

/** What a scheduler sees of a process: it takes messages, and the test answers them when it wants. */
class Worker {
  readonly alive = true;
  readonly takesBatches = true;
  readonly role = 'active';
  readonly sent: { readonly batchId: number; readonly texts: readonly string[] }[] = [];
  canRun = (): boolean => true;

  run(batchId: number, _key: string, texts: readonly string[]): void {
    this.sent.push({ batchId, texts });
  }

  get handle(): WorkerHandle {
    return this as unknown as WorkerHandle;
  }

  /** The texts of all messages so far. */
  get texts(): string[] {
    return this.sent.flatMap(({ texts }) => texts);
  }
}

class Bench {
  readonly workers: Worker[];
  readonly released: string[] = [];
  readonly scheduler = new Scheduler(
    { watchdogMs: 60_000, maxRssBytes: 1e9 },
    {
      kill: () => undefined,
      released: (items) => this.released.push(...items.map(({ text }) => text)),
      batchFinished: () => undefined,
      lostForUser: () => undefined,
    },
  );
  private clock = 0;

  constructor(workers: number, keys = ['v1']) {
    for (const key of keys)
      this.scheduler.setPlan({ key, cost: COST, maxPaddedTokens: 512, runsAlone: false });
    this.workers = Array.from({ length: workers }, () => new Worker());
    for (const worker of this.workers) this.scheduler.workerAvailable(worker.handle);
  }

  /** Puts texts in the queue, and lets the scheduler look at it. */
  async enqueue(priority: Priority, ...texts: string[]): Promise<PendingText[]> {
    const items = texts.map((text) => new PendingText('v1', text, 10, this.clock++, priority));
    this.scheduler.enqueue(items);
    await new Promise(setImmediate);
    return items;
  }

  /** The worker answers the batch that it runs. */
  finish(worker: Worker): void {
    const last = worker.sent.at(-1);
    if (last === undefined) throw new Error('the worker runs nothing');
    this.scheduler.batchDone(worker.handle, {
      type: 'done',
      batchId: last.batchId,
      ok: true,
      rows: last.texts.map(() => ({ scores: [1], tokens: 10, truncated: false })),
      timings: { startedAt: 0, tokenizeMs: 0, inferenceMs: 1, paddedTokens: 10 },
      cost: COST,
      rssBytes: 1,
    });
  }

  end(): void {
    this.scheduler.close(GONE);
  }
}

const only = (bench: Bench): Worker => bench.workers[0] ?? new Worker();

describe('background texts', () => {
  it('run one by one on a worker that nobody else needs', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    const [first] = await bench.enqueue('background', 'b1', 'b2');
    expect(worker.sent.map(({ texts }) => texts)).toEqual([['b1']]);
    bench.finish(worker);
    expect(worker.sent.map(({ texts }) => texts)).toEqual([['b1'], ['b2']]);
    expect(((await first?.outcome) as Outcome & { ok: true }).value.batchSize).toBe(1);
    bench.end();
  });

  it('wait while a text of a user waits, whichever came first', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    await bench.enqueue('user', 'u1');
    await bench.enqueue('background', 'b1');
    await bench.enqueue('user', 'u2');
    bench.finish(worker);
    expect(worker.texts).toEqual(['u1', 'u2']);
    bench.finish(worker);
    expect(worker.texts).toEqual(['u1', 'u2', 'b1']);
    bench.end();
  });

  it('wait while a text of a user waits that no idle worker can run', async () => {
    const bench = new Bench(1, ['v1', 'v2']);
    const worker = only(bench);
    worker.canRun = (key?: string): boolean => key !== 'v2';
    bench.scheduler.enqueue([new PendingText('v2', 'u1', 10, 0, 'user')]);
    await bench.enqueue('background', 'b1');
    expect(worker.texts).toEqual([]);
    bench.end();
  });

  it('leave one of several workers idle for whoever arrives', async () => {
    const bench = new Bench(2);
    const [a, b] = bench.workers as [Worker, Worker];
    await bench.enqueue('background', 'b1', 'b2', 'b3');
    expect([...a.texts, ...b.texts]).toEqual(['b1']);
    await bench.enqueue('user', 'u1');
    expect([...a.texts, ...b.texts].sort()).toEqual(['b1', 'u1']);
    bench.end();
  });

  it('are not handed over ahead: a user who arrives meanwhile goes first', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    // Predicted to end at once, so that the next batch would be handed over now.
    bench.scheduler.setPlan({
      key: 'v1',
      cost: { ...COST, fixedMs: 0 },
      maxPaddedTokens: 512,
      runsAlone: false,
    });
    await bench.enqueue('background', 'b1', 'b2');
    expect(worker.texts).toEqual(['b1']);
    await bench.enqueue('user', 'u1');
    expect(worker.texts).toEqual(['b1', 'u1']);
    bench.end();
  });

  it('go on when the last text of a user is cancelled', async () => {
    const bench = new Bench(1, ['v1', 'v2']);
    const worker = only(bench);
    worker.canRun = (key?: string): boolean => key !== 'v2';
    const user = new PendingText('v2', 'u1', 10, 0, 'user');
    bench.scheduler.enqueue([user]);
    await bench.enqueue('background', 'b1');
    user.fail(GONE);
    bench.scheduler.discard(user);
    await new Promise(setImmediate);
    expect(worker.texts).toEqual(['b1']);
    bench.end();
  });

  it('keep their rank when the worker that ran them is lost', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    await bench.enqueue('background', 'b1');
    await bench.enqueue('user', 'u1', 'u2');
    bench.scheduler.workerLost(worker.handle);
    const next = new Worker();
    bench.scheduler.workerAvailable(next.handle);
    expect(next.texts).toEqual(['u1', 'u2']);
    expect(bench.scheduler.queuedTexts).toBe(0);
    bench.end();
  });
});

describe('a cancelled text', () => {
  it('leaves the queue, and gives its permit back, once', async () => {
    const bench = new Bench(1);
    await bench.enqueue('user', 'u1');
    const [waiting] = await bench.enqueue('user', 'u2');
    waiting?.fail(GONE);
    if (waiting !== undefined) bench.scheduler.discard(waiting);
    if (waiting !== undefined) bench.scheduler.discard(waiting);
    expect(bench.released).toEqual(['u2']);
    expect(await waiting?.outcome).toEqual({ ok: false, error: GONE });
    bench.finish(only(bench));
    expect(bench.released).toEqual(['u2', 'u1']);
    expect(only(bench).texts).toEqual(['u1']);
    bench.end();
  });

  it('keeps its permit while a worker runs it', async () => {
    const bench = new Bench(1);
    const [running] = await bench.enqueue('user', 'u1');
    running?.fail(GONE);
    if (running !== undefined) bench.scheduler.discard(running);
    expect(bench.released).toEqual([]);
    bench.finish(only(bench));
    expect(bench.released).toEqual(['u1']);
    bench.end();
  });
});
