import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/seeded-random.js';
import type { Inference, Outcome } from '../../src/engine/dispatch/executor.js';
import type { Classified } from '../../src/engine/tasks/classified.js';
import type { TextTokenizer } from '../../src/engine/tokenization/text-tokenizer.js';
import type { View, WindowRange } from '../../src/engine/view.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { writeWindowedVersion } from '../support/slow-windows-model.js';
import { TempRegistry } from '../support/temp-registry.js';
import { EXPORT_WORDS } from '../support/tiny-export.js';
import { built, DIST, outcomesOf, poolIs, startPool, until, values, type Running } from './pool-harness.js';

const VIEW: View = { windows: 'all', max: 64 };
/** Two runs of the same numbers in other batches differ by their rounding. */
const TOLERANCE = 1e-5;

/** The real worker; it notes each message that it is given. */
const notingWorker = (notes: string): string => `
import { appendFileSync } from 'node:fs';
await import(${JSON.stringify(pathToFileURL(resolve(DIST, 'engine/worker/entry.js')).href)});
process.prependListener('message', ({ type, key, texts, ranges }) => {
  if (type !== 'run' || !key.startsWith('windowed/')) return;
  appendFileSync(${JSON.stringify(notes)}, JSON.stringify({ pid: process.pid, texts: texts.length, ranges }) + '\\n');
});
`;

interface Note {
  readonly pid: number;
  readonly texts: number;
  readonly ranges: readonly (WindowRange | null)[] | null;
}

let registry: TempRegistry;
let running: Running;
let version: ModelVersion;
let tokenizer: TextTokenizer;
let noteFile: string;

const notes = (): Note[] =>
  readFileSync(noteFile, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Note);

/** The ranges of windows that workers were given, in the order in which they came. */
const rangesGiven = (): (WindowRange & { pid: number })[] =>
  notes().flatMap(({ pid, ranges }) =>
    (ranges ?? []).flatMap((range) => (range === null ? [] : [{ ...range, pid }])),
  );

const submit = (texts: readonly string[], view?: View) =>
  running.executor.submit(texts.map((text) => ({ version, text, ...(view && { view }) })));

/** A text of so many words, which are one token each; it begins with a sign of two UTF-16 units. */
function textOf(words: number, seed: number): string {
  const random = seededRandom(seed);
  const draw = (): string => EXPORT_WORDS[Math.floor(random() * EXPORT_WORDS.length)] ?? '';
  return ['🎬', ...Array.from({ length: words - 1 }, draw)].join('  ');
}

/** The best window for each label, when each is run as a text of its own, one after the other. */
async function bestOfWindows(text: string): Promise<Classified> {
  const { items } = tokenizer.windows(text, { from: 0, to: VIEW.max });
  const scores: (readonly number[])[] = [];
  for (const { start, end, ids } of items) {
    const window = text.slice(start, end);
    expect(tokenizer.encode(window).ids).toEqual(ids);
    const [inference] = values(await outcomesOf(submit([window])));
    scores.push(inference?.answer.value.scores ?? []);
  }
  const best = [0, 1, 2].map((k) => {
    const ofLabel = scores.map((window) => window[k] ?? NaN);
    return ofLabel.indexOf(Math.max(...ofLabel));
  });
  return {
    scores: best.map((window, k) => scores[window]?.[k] ?? NaN),
    spans: best.map((window) => ({ start: items[window]?.start ?? -1, end: items[window]?.end ?? -1 })),
  };
}

function expectLike({ scores, spans }: Classified, expected: Classified): void {
  expect(scores).toHaveLength(3);
  scores.forEach((score, k) => {
    expect(Math.abs(score - (expected.scores[k] ?? NaN))).toBeLessThanOrEqual(TOLERANCE);
  });
  expect(spans).toEqual(expected.spans);
}

async function only(outcome: Promise<Outcome> | undefined): Promise<Inference> {
  const settled = await outcome;
  if (settled === undefined) throw new Error('nothing was submitted');
  if (!settled.ok) throw settled.error;
  return settled.value;
}

beforeAll(async () => {
  registry = new TempRegistry();
  writeWindowedVersion(join(registry.folder, 'windowed/v1'));
  noteFile = join(registry.folder, 'notes');
  const worker = join(registry.folder, 'noting-worker.mjs');
  writeFileSync(noteFile, '');
  writeFileSync(worker, notingWorker(noteFile));
  running = await startPool({ MODEL_REGISTRY: registry.folder, WORKERS: '2', SPARE_WORKERS: '1' }, worker);
  const [{ VersionLoader }, tokenizers] = await Promise.all([
    built<typeof import('../../src/service/inference/version-loader.js')>(
      'service/inference/version-loader.js',
    ),
    built<typeof import('../../src/engine/tokenization/load-tokenizer.js')>(
      'engine/tokenization/load-tokenizer.js',
    ),
  ]);
  await until(() => running.registry.status('sentiment', 'v1').state === 'ready');
  await running.app.get(VersionLoader).ensureLoaded('windowed', 'v1');
  version = running.registry.resolve('windowed', 'v1');
  tokenizer = await tokenizers.loadTokenizer(version);
}, 120_000);

afterAll(async () => {
  await running.app.close();
  registry.delete();
});

beforeEach(() => {
  writeFileSync(noteFile, '');
});

describe('a long text that is read in windows', () => {
  it('is run by two workers beside short texts, which it does not delay, and has the maximum of its windows', async () => {
    const text = textOf(1_000, 1);
    const expected = await bestOfWindows(text);
    const windows = tokenizer.windows(text, { from: 0, to: VIEW.max }).items.length;
    expect(windows).toBeGreaterThan(40);
    writeFileSync(noteFile, '');

    const [long] = submit([text], VIEW);
    const short = submit(Array.from({ length: 20 }, (_, i) => `the film ${EXPORT_WORDS[i] ?? ''}`));
    const shortAnswers = values(await outcomesOf(short));
    const { answer, resultAt } = await only(long?.outcome);

    expectLike(answer.value, expected);
    expect(answer.truncated).toBe(false);
    expect(answer.tokens).toBe(
      tokenizer.windows(text, { from: 0, to: VIEW.max }).items.reduce((sum, { ids }) => sum + ids.length, 0),
    );
    for (const one of shortAnswers) expect(one.resultAt).toBeLessThan(resultAt);
    // Two windows a message: both workers had many of them, and each window was run once.
    const given = rangesGiven();
    const pids = [...new Set(given.map(({ pid }) => pid))];
    expect(pids).toHaveLength(2);
    for (const pid of pids) expect(given.filter((range) => range.pid === pid).length).toBeGreaterThan(4);
    const inOrder = [...given].sort((a, b) => a.from - b.from);
    expect(inOrder.map(({ from }) => from)).toEqual([0, ...inOrder.slice(0, -1).map(({ to }) => to)]);
    expect(inOrder.at(-1)?.to).toBe(VIEW.max);
    // The short texts did not wait until the windows had been given out.
    const order = notes();
    const lastShort = order.findLastIndex(({ ranges }) => ranges === null);
    const behind = order.slice(lastShort + 1).filter(({ ranges }) => ranges !== null);
    expect(behind.length).toBeGreaterThan(given.length / 2);
  });

  it('says that it goes on where its view ends, and only then', async () => {
    const text = textOf(1_600, 2);
    const [long] = submit([text], VIEW);
    const { answer } = await only(long?.outcome);
    expect(answer.truncated).toBe(true);
    expectLike(answer.value, await bestOfWindows(text));
    // As many words as 64 windows hold: the next one would be cut off.
    const fits = 30 + 63 * tokenizer.windowStep;
    const [whole, more] = await Promise.all(
      [fits, fits + 1].map((words) => only(submit([textOf(words, 3)], VIEW)[0]?.outcome)),
    );
    expect([whole?.answer.truncated, more?.answer.truncated]).toEqual([false, true]);
  });

  it('that is one window is answered beside texts that are not read in windows, and each has its own', async () => {
    const texts = Array.from({ length: 12 }, (_, i) => textOf(3 + i, 10 + i));
    const alone: (readonly number[])[] = [];
    for (const text of texts) {
      const [inference] = values(await outcomesOf(submit([text])));
      alone.push(inference?.answer.value.scores ?? []);
    }
    writeFileSync(noteFile, '');
    // They are submitted in one turn, so that they share messages.
    const mixed = texts.flatMap((text, i) => submit([text], i % 2 === 0 ? VIEW : undefined));
    const answers = values(await outcomesOf(mixed));
    answers.forEach(({ answer: { value, truncated } }, i) => {
      expectLike({ scores: value.scores }, { scores: alone[i] ?? [] });
      expect(truncated).toBe(false);
    });
    const shared = notes().filter(({ texts: count, ranges }) => count > 1 && ranges !== null);
    expect(shared.some(({ ranges }) => ranges?.includes(null))).toBe(true);
  });

  it('loses nothing when a worker that runs its windows is killed', async () => {
    const text = textOf(1_400, 5);
    const expected = await bestOfWindows(text);
    writeFileSync(noteFile, '');
    const { restarts } = running.pool.status();
    const [long] = submit([text], VIEW);
    const short = submit(Array.from({ length: 5 }, (_, i) => `the film ${EXPORT_WORDS[i] ?? ''}`));
    await until(() => rangesGiven().length > 8);
    const victim = rangesGiven().at(-1)?.pid;
    if (victim === undefined) throw new Error('no worker runs windows');
    process.kill(victim, 'SIGKILL');
    const { answer } = await only(long?.outcome);
    expectLike(answer.value, expected);
    expect(answer.truncated).toBe(false);
    expect(values(await outcomesOf(short))).toHaveLength(5);
    // It was not over when the worker died.
    const given = rangesGiven();
    expect(given.filter(({ pid }) => pid !== victim).length).toBeGreaterThan(given.length / 2);
    await poolIs(
      running,
      (status) => status.restarts === restarts + 1 && status.queuedTexts + status.runningTexts === 0,
    );
  });
});
