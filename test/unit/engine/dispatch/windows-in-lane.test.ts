import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TimedAdmission, type Admissible } from '../../../../src/engine/dispatch/admission.js';
import type { Forecast } from '../../../../src/engine/dispatch/forecast.js';
import { Lane } from '../../../../src/engine/dispatch/lane.js';
import type { PendingText } from '../../../../src/engine/dispatch/pending-text.js';
import { QueuedTexts } from '../../../../src/engine/dispatch/queued-texts.js';
import { SubmittedText } from '../../../../src/engine/dispatch/submitted-text.js';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { FIRST_WINDOW, type View } from '../../../../src/engine/view.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { labelVersion } from '../../../support/label-versions.js';
import { doneWith, failedWith, FakeWorker, type SentMessage } from './fake-worker.js';
import { turn } from './three-sources.js';

/** A run takes a second: no message is handed over ahead. */
const COST = { fixedMs: 1_000, perTokenMs: 0, perTokenSquaredMs: 0 };
const LEFT = new AppError('DEADLINE_EXCEEDED', 'the caller has left');
const LIMIT = 10_000;
const ALL: View = { windows: 'all', max: 30 };

/** One window of ten tokens holds eight words; each further one six more. */
const wordsOf = (windows: number, word = 'word'): string => `${word} `.repeat(8 + 6 * (windows - 1));

/** Counts what is admitted and has not left. */
class CountingAdmission extends TimedAdmission {
  inUse = 0;

  override admit(call: Admissible, ...rest: [Forecast, number]): void {
    super.admit(call, ...rest);
    for (const { sequences } of call.parts) this.inUse += sequences;
  }

  override release(texts: Admissible['parts']): void {
    super.release(texts);
    for (const { sequences } of texts) this.inUse -= sequences;
  }
}

/** Admission, queue and lane as the service puts them together, with workers that the test plays. */
class Service {
  readonly admission = new CountingAdmission({ user: LIMIT, background: 1 });
  readonly released: PendingText[] = [];
  readonly texts = new QueuedTexts(false, {
    released: (items) => {
      this.released.push(...items);
      this.admission.release(items);
    },
    batchFinished: () => undefined,
    lostForUser: () => undefined,
  });
  readonly lane = new Lane(
    { kill: () => undefined },
    [{ source: this.texts, handOver: 'late', keepOneIdle: false }],
    { watchdogMs: 60_000, maxRssBytes: 1e9 },
  );
  readonly workers: FakeWorker[] = [];
  readonly version: ModelVersion;

  constructor(workers: number) {
    const version = labelVersion({ labels: ['ONLY'] });
    const batching = { max_padded_tokens: 20, runs_alone: false };
    this.version = { ...version, key: 'v1', manifest: { ...version.manifest, max_tokens: 10, batching } };
    this.lane.versionChanged('v1', { state: 'ready', cost: COST });
    this.texts.open('v1', { maxPaddedTokens: 20, runsAlone: false });
    for (let i = 0; i < workers; i++) this.start();
  }

  start(): void {
    const worker = new FakeWorker();
    this.workers.push(worker);
    this.lane.workerAvailable(worker.handle);
  }

  submit(text: string, view: View): SubmittedText {
    const submitted = new SubmittedText(
      { version: this.version, text, view },
      {
        priority: 'user',
        now: performance.now(),
        priceOf: (_, __, sequences) => ({ soloMs: 1_000 * sequences, workMs: 1_000 * sequences }),
        workers: 1,
        offer: () => undefined,
        abandon: (part) => {
          if (this.texts.discard(part)) this.lane.wake();
        },
      },
    );
    this.admission.admit({ parts: submitted.parts, texts: 1 }, this.texts.forecast, performance.now());
    this.texts.add(submitted.parts);
    this.lane.wake();
    return submitted;
  }

  /** The message that a worker runs, which has not been answered. */
  running(worker: FakeWorker): SentMessage | undefined {
    const last = worker.sent.at(-1);
    return last !== undefined && !this.ended.has(last.batchId) ? last : undefined;
  }

  finish(worker: FakeWorker): void {
    this.end(worker, ({ batchId, payload }) => doneWith(batchId, payload, { cost: COST }));
  }

  fail(worker: FakeWorker): void {
    this.end(worker, ({ batchId }) => failedWith(batchId));
  }

  die(worker: FakeWorker): void {
    this.workers.splice(this.workers.indexOf(worker), 1);
    this.lane.workerLost(worker.handle);
    this.start();
  }

  close(): void {
    this.lane.close(LEFT);
  }

  private readonly ended = new Set<number>();

  private end(worker: FakeWorker, result: (message: SentMessage) => ReturnType<typeof failedWith>): void {
    const message = this.running(worker);
    if (message === undefined) return;
    this.ended.add(message.batchId);
    this.lane.batchDone(worker.handle, result(message));
  }
}

const rangesOf = (worker: FakeWorker): unknown[] =>
  worker.sent.flatMap(({ payload }) =>
    payload.type === 'run' ? payload.texts.map((_, i) => payload.ranges?.[i] ?? null) : [],
  );

describe('the windows of a long text', () => {
  it('are run by all workers, and a text that comes later goes before those that are not due', async () => {
    const service = new Service(2);
    const [a, b] = service.workers as [FakeWorker, FakeWorker];
    const long = service.submit(wordsOf(8), { windows: 'all', max: 8 });
    await turn();
    expect([rangesOf(a), rangesOf(b)]).toEqual([[{ from: 0, to: 2 }], [{ from: 2, to: 4 }]]);
    const short = service.submit('a film', FIRST_WINDOW);
    await turn();
    service.finish(a);
    expect(a.texts.at(-1)).toBe('a film');
    service.finish(a);
    expect(await short.outcome).toMatchObject({ ok: true });
    service.finish(b);
    service.finish(a);
    service.finish(b);
    expect([...rangesOf(a), ...rangesOf(b)].filter((range) => range !== null)).toHaveLength(4);
    expect(await long.outcome).toMatchObject({ ok: true, value: { answer: { tokens: 80 } } });
    expect(service.admission.inUse).toBe(0);
    service.close();
  });

  it('that are one window may share a message with other texts, and are told apart in it', async () => {
    const service = new Service(1);
    const [worker] = service.workers as [FakeWorker];
    service.submit('the worker is busy', FIRST_WINDOW);
    await turn();
    const plain = service.submit('a film', FIRST_WINDOW);
    const windowed = service.submit('read all', ALL);
    const another = service.submit('one more', FIRST_WINDOW);
    await turn();
    service.finish(worker);
    const { payload } = worker.sent.at(-1) ?? {};
    if (payload?.type !== 'run') throw new Error('no texts were sent');
    const sent = Object.fromEntries(payload.texts.map((text, i) => [text, payload.ranges?.[i] ?? null]));
    expect(sent).toEqual({
      'a film': null,
      'read all': { from: 0, to: 30 },
      'one more': null,
    });
    service.finish(worker);
    const tokens = await Promise.all(
      [plain, windowed, another].map(async ({ outcome }) => {
        const settled = await outcome;
        return settled.ok ? settled.value.answer.tokens : settled.error;
      }),
    );
    // Ten for each row: the worker found all thirty windows.
    expect(tokens).toEqual([10, 300, 10]);
    service.close();
  });

  it('leave the queue when the caller leaves; the one that runs gives its place back when it ends', async () => {
    const service = new Service(1);
    const [worker] = service.workers as [FakeWorker];
    const long = service.submit(wordsOf(8), { windows: 'all', max: 8 });
    await turn();
    expect([service.texts.waiting, service.admission.inUse]).toEqual([3, 8]);
    long.cancel(LEFT);
    expect([service.texts.waiting, service.admission.inUse]).toEqual([0, 2]);
    service.finish(worker);
    expect(service.admission.inUse).toBe(0);
    expect(await long.outcome).toEqual({ ok: false, error: LEFT });
    expect(worker.sent).toHaveLength(1);
    service.close();
  });

  it('leave the queue when one of them cannot be processed', async () => {
    const service = new Service(1);
    const [worker] = service.workers as [FakeWorker];
    const long = service.submit(wordsOf(8), { windows: 'all', max: 8 });
    await turn();
    service.fail(worker);
    expect(await long.outcome).toMatchObject({ ok: false, error: { code: 'INFERENCE_FAILED' } });
    // The worker was given its next message before the answer was looked at.
    expect([service.texts.waiting, service.texts.running, service.admission.inUse]).toEqual([0, 1, 2]);
    service.finish(worker);
    expect([service.texts.running, service.admission.inUse]).toEqual([0, 0]);
    expect(worker.sent).toHaveLength(2);
    service.close();
  });

  it('give each place back once, and are all answered, whatever workers and callers do', async () => {
    const action = fc.record({
      what: fc.constantFrom('long', 'long', 'short', 'finish', 'finish', 'fail', 'die', 'cancel', 'turn'),
      which: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
        const service = new Service(2);
        const all: SubmittedText[] = [];
        for (const { what, which } of actions) {
          const worker = service.workers[which % 2];
          if (what === 'long') all.push(service.submit(wordsOf(1 + (which % 9)), ALL));
          if (what === 'short') all.push(service.submit(`film ${String(which)}`, FIRST_WINDOW));
          if (what === 'cancel') all[which % Math.max(1, all.length)]?.cancel(LEFT);
          if (what === 'turn') await turn();
          if (worker === undefined) continue;
          if (what === 'finish') service.finish(worker);
          if (what === 'fail') service.fail(worker);
          if (what === 'die') service.die(worker);
        }
        await turn();
        const busy = (): FakeWorker[] => service.workers.filter((worker) => service.running(worker));
        while (busy().length > 0) {
          for (const worker of busy()) service.finish(worker);
          await turn();
        }
        await Promise.all(all.map(({ outcome }) => outcome));
        const parts = all.flatMap((text) => text.parts);
        expect(service.released).toHaveLength(parts.length);
        expect(new Set(service.released)).toEqual(new Set(parts));
        expect([service.texts.waiting, service.texts.running, service.admission.inUse]).toEqual([0, 0, 0]);
        service.close();
      }),
      { numRuns: 150 },
    );
  });
});
