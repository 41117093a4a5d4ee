import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import type { Priority } from '../../../../src/engine/dispatch/executor.js';
import { Lane } from '../../../../src/engine/dispatch/lane.js';
import type { PendingText, RowsOutcome } from '../../../../src/engine/dispatch/pending-text.js';
import { QueuedTexts } from '../../../../src/engine/dispatch/queued-texts.js';
import { doneWith, failedWith, FakeWorker } from './fake-worker.js';
import { WaitingText } from './pending-texts.js';

const COST = { fixedMs: 1_000, perTokenMs: 0, perTokenSquaredMs: 0 };
const GONE = new AppError('DEADLINE_EXCEEDED', 'nobody waits');

/** The service's lane: texts of users, and background texts behind them. */
class Bench {
  readonly workers: FakeWorker[];
  readonly released: string[] = [];
  readonly lost: string[] = [];
  readonly texts: Readonly<Record<Priority, QueuedTexts>>;
  readonly lane: Lane;
  private clock = 0;

  constructor(
    workers: number,
    keys = ['v1'],
    readonly cost = COST,
  ) {
    const events = {
      released: (items: readonly PendingText[]) => this.released.push(...items.map(({ text }) => text)),
      batchFinished: () => undefined,
      lostForUser: (key: string) => this.lost.push(key),
    };
    this.texts = { user: new QueuedTexts(false, events), background: new QueuedTexts(true, events) };
    this.lane = new Lane(
      { kill: () => undefined },
      [
        { source: this.texts.user, handOver: 'late', keepOneIdle: false },
        { source: this.texts.background, handOver: 'never', keepOneIdle: true },
      ],
      { watchdogMs: 60_000, maxRssBytes: 1e9 },
    );
    for (const key of keys) {
      this.lane.versionChanged(key, { state: 'ready', cost });
      for (const source of Object.values(this.texts))
        source.open(key, { maxPaddedTokens: 512, runsAlone: false });
    }
    this.workers = Array.from({ length: workers }, () => new FakeWorker());
    for (const worker of this.workers) this.lane.workerAvailable(worker.handle);
  }

  /** Puts texts in the queue, and lets the lane look at it. */
  async enqueue(priority: Priority, ...texts: string[]): Promise<WaitingText[]> {
    const items = texts.map((text) => new WaitingText(text, { now: this.clock++, priority }));
    await this.add(...items);
    return items;
  }

  async add(...items: PendingText[]): Promise<void> {
    for (const item of items) this.texts[item.priority].add([item]);
    this.lane.wake();
    await new Promise(setImmediate);
  }

  /** As the service does it for a caller that has left. @returns whether the text was still waiting */
  cancel(item: PendingText | undefined): boolean {
    if (item === undefined) throw new Error('no text to cancel');
    item.fail(GONE);
    const dropped = this.texts[item.priority].discard(item);
    if (dropped) this.lane.wake();
    return dropped;
  }

  /** The worker answers the batch that it was sent last. */
  finish(worker: FakeWorker): void {
    const last = worker.sent.at(-1);
    if (last === undefined) throw new Error('the worker runs nothing');
    this.lane.batchDone(worker.handle, doneWith(last.batchId, last.payload, { cost: this.cost }));
  }

  /** The worker dies, and another one takes its place. */
  replace(worker: FakeWorker): FakeWorker {
    const next = new FakeWorker();
    this.lane.workerLost(worker.handle);
    this.lane.workerAvailable(next.handle);
    return next;
  }

  end(): void {
    this.lane.close(GONE);
  }
}

const only = (bench: Bench): FakeWorker => bench.workers[0] ?? new FakeWorker();

const batchesOf = ({ sent }: FakeWorker): string[][] =>
  sent.map(({ payload }) => (payload.type === 'run' ? [...payload.texts] : []));

describe('background texts', () => {
  it('run one by one on a worker that nobody else needs', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    const [first] = await bench.enqueue('background', 'b1', 'b2');
    expect(batchesOf(worker)).toEqual([['b1']]);
    bench.finish(worker);
    expect(batchesOf(worker)).toEqual([['b1'], ['b2']]);
    expect(((await first?.outcome) as RowsOutcome & { ok: true }).times.batchSize).toBe(1);
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
    worker.canRun = (key) => key !== 'v2';
    await bench.add(new WaitingText('u1', { key: 'v2' }));
    await bench.enqueue('background', 'b1');
    expect(worker.texts).toEqual([]);
    bench.end();
  });

  it('leave one of several workers idle for whoever arrives', async () => {
    const bench = new Bench(2);
    const [a, b] = bench.workers as [FakeWorker, FakeWorker];
    await bench.enqueue('background', 'b1', 'b2', 'b3');
    expect([...a.texts, ...b.texts]).toEqual(['b1']);
    await bench.enqueue('user', 'u1');
    expect([...a.texts, ...b.texts].sort()).toEqual(['b1', 'u1']);
    bench.end();
  });

  it('are not handed over ahead: a user who arrives meanwhile goes first', async () => {
    // Predicted to end at once, so that the next batch would be handed over now.
    const bench = new Bench(1, ['v1'], { ...COST, fixedMs: 0 });
    const worker = only(bench);
    await bench.enqueue('background', 'b1', 'b2');
    expect(worker.texts).toEqual(['b1']);
    await bench.enqueue('user', 'u1');
    expect(worker.texts).toEqual(['b1', 'u1']);
    bench.end();
  });

  it('go on when the last text of a user is cancelled', async () => {
    const bench = new Bench(1, ['v1', 'v2']);
    const worker = only(bench);
    worker.canRun = (key) => key !== 'v2';
    const user = new WaitingText('u1', { key: 'v2' });
    await bench.add(user);
    await bench.enqueue('background', 'b1');
    bench.cancel(user);
    await new Promise(setImmediate);
    expect(worker.texts).toEqual(['b1']);
    bench.end();
  });

  it('keep their rank when the worker that ran them is lost', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    await bench.enqueue('background', 'b1');
    await bench.enqueue('user', 'u1', 'u2');
    const next = bench.replace(worker);
    expect(next.texts).toEqual(['u1', 'u2']);
    expect(bench.texts.user.waiting).toBe(0);
    bench.end();
  });
});

describe('a cancelled text', () => {
  it('leaves the queue, and gives its permit back, once', async () => {
    const bench = new Bench(1);
    await bench.enqueue('user', 'u1');
    const [waiting] = await bench.enqueue('user', 'u2');
    expect(bench.cancel(waiting)).toBe(true);
    expect(bench.cancel(waiting)).toBe(false);
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
    expect(bench.cancel(running)).toBe(false);
    expect(bench.released).toEqual([]);
    bench.finish(only(bench));
    expect(bench.released).toEqual(['u1']);
    bench.end();
  });
});

describe('texts that a worker could not answer', () => {
  it('run again, each alone, when their worker dies; one that ends two workers alone is given up', async () => {
    const bench = new Bench(1);
    const [, deadly] = await bench.enqueue('user', 'u1', 'u2');
    expect(batchesOf(only(bench))).toEqual([['u1', 'u2']]);
    const second = bench.replace(only(bench));
    bench.finish(second);
    expect(batchesOf(second)).toEqual([['u1'], ['u2']]);
    const third = bench.replace(second);
    expect(batchesOf(third)).toEqual([['u2']]);
    bench.replace(third);
    expect(await deadly?.outcome).toMatchObject({ ok: false, error: { code: 'INFERENCE_FAILED' } });
    expect(bench.released).toEqual(['u1', 'u2']);
    expect(bench.texts.user.running + bench.texts.user.waiting).toBe(0);
    bench.end();
  });

  it('are answered as empty where the tokenizer leaves nothing of them, but for golden texts', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    const items = ['aa', 'no', 'bb', 'go'].map(
      (text) => new WaitingText(text, { now: 1, priority: 'user', evenEmpty: text === 'go' }),
    );
    await bench.add(...items);
    const [{ batchId, payload } = { batchId: 0, payload: undefined }] = worker.sent;
    if (payload?.type !== 'run') throw new Error('nothing was sent');
    const empty = ['no', 'go'].map((text) => payload.texts.indexOf(text));
    bench.lane.batchDone(worker.handle, doneWith(batchId, payload, { cost: bench.cost, empty }));
    const outcomes = await Promise.all(items.map(({ outcome }) => outcome));
    expect(outcomes.map((outcome) => outcome.ok || outcome.error.code)).toEqual([
      true,
      'EMPTY_TEXT',
      true,
      true,
    ]);
    bench.end();
  });

  it('run again as they were when another text ended their worker in its tokenization, which is given up', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    const [first, guilty, last] = await bench.enqueue('user', 'aa', 'poison', 'bb');
    const [batch = []] = batchesOf(worker);
    worker.culprit = batch.indexOf('poison');
    const next = bench.replace(worker);
    const outcome = await guilty?.outcome;
    expect(outcome?.ok === false && outcome.error).toMatchObject({
      code: 'INFERENCE_FAILED',
      message: 'This text ended a worker process while it was tokenized.',
    });
    expect(batchesOf(next)).toEqual([batch.filter((text) => text !== 'poison')]);
    bench.finish(next);
    expect([(await first?.outcome)?.ok, (await last?.outcome)?.ok]).toEqual([true, true]);
    bench.end();
  });

  it('run again, each alone, when the model fails on them; one that fails alone is answered so', async () => {
    const bench = new Bench(1);
    const worker = only(bench);
    const [, bad] = await bench.enqueue('user', 'u1', 'u2');
    bench.lane.batchDone(worker.handle, failedWith(1));
    bench.finish(worker);
    expect(batchesOf(worker)).toEqual([['u1', 'u2'], ['u1'], ['u2']]);
    bench.lane.batchDone(worker.handle, failedWith(3));
    expect(await bad?.outcome).toMatchObject({ ok: false, error: { code: 'INFERENCE_FAILED' } });
    bench.end();
  });

  it('are told of when their callers have left before they could run again', async () => {
    const bench = new Bench(1);
    const [left] = await bench.enqueue('user', 'u1', 'u2');
    bench.cancel(left);
    expect(bench.replace(only(bench)).texts).toEqual(['u2']);
    expect(bench.lost).toEqual(['v1']);
    bench.end();
    const idle = new Bench(1);
    const [unasked] = await idle.enqueue('background', 'b');
    idle.cancel(unasked);
    idle.replace(only(idle));
    expect(idle.lost).toEqual([]);
    idle.end();
  });

  it('fail when their version has been unloaded meanwhile', async () => {
    const bench = new Bench(1);
    const [running] = await bench.enqueue('user', 'u1');
    const [waiting] = await bench.enqueue('user', 'u2');
    expect(bench.texts.user.textsOf('v1')).toBe(2);
    bench.lane.drop('v1', GONE);
    expect(await waiting?.outcome).toEqual({ ok: false, error: GONE });
    expect(bench.texts.user.textsOf('v1')).toBe(1);
    bench.replace(only(bench));
    expect(await running?.outcome).toMatchObject({ ok: false, error: { code: 'VERSION_NOT_READY' } });
    expect(bench.released).toEqual(['u2', 'u1']);
    bench.end();
  });

  it('are answered with the reason of the end when the lane closes, also those that died once', async () => {
    const bench = new Bench(1);
    const items = await bench.enqueue('user', 'u1');
    bench.replace(only(bench));
    items.push(...(await bench.enqueue('user', 'u2')));
    bench.end();
    for (const { outcome } of items) expect(await outcome).toEqual({ ok: false, error: GONE });
  });
});
