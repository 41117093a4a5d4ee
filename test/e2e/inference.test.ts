import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { AppError } from '../../src/base/errors/app-error.js';
import { codes, infer, outcomesOf, startPool, submit, until, values, type Running } from './pool-harness.js';

interface ParityFile {
  readonly tolerance: number;
  readonly items: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly truncated: boolean;
    readonly scores: number[];
  }[];
}

const parityOf = ({ folder }: ModelVersion): ParityFile =>
  JSON.parse(readFileSync(resolve(folder, 'parity.json'), 'utf8')) as ParityFile;

/** The answers about golden texts, also those of which the tokenizer leaves nothing. */
const inferGolden = async (running: Running, texts: readonly string[], version: string) =>
  values(await outcomesOf(submit(running, texts, { version, evenEmpty: true })));

describe('answers', () => {
  let running: Running;
  beforeAll(async () => {
    running = await startPool();
  });
  afterAll(() => running.app.close());

  it.each(['v1', 'v2'])(
    '%s gives the reference scores for every parity text',
    async (version) => {
      const { items, tolerance } = parityOf(running.registry.resolve('sentiment', version));
      expect(items.length).toBeGreaterThanOrEqual(1_000);
      for (let start = 0; start < items.length; start += 500) {
        const slice = items.slice(start, start + 500);
        const inferences = await inferGolden(
          running,
          slice.map(({ text }) => text),
          version,
        );
        inferences.forEach(({ answer: { value, tokens, truncated } }, i) => {
          const item = slice[i];
          expect(tokens).toBe(item?.ids.length);
          expect(truncated).toBe(item?.truncated);
          value.scores.forEach((score, label) => {
            expect(Math.abs(score - (item?.scores[label] ?? NaN))).toBeLessThanOrEqual(tolerance);
          });
        });
      }
    },
    120_000,
  );

  it.each(['v1', 'v2'])(
    '%s answers a text alike alone and among any others',
    async (version) => {
      const { items } = parityOf(running.registry.resolve('sentiment', version));
      const texts = items.filter((_, i) => i % 7 === 0).map(({ text }) => text);
      const together = await inferGolden(running, texts, version);
      for (const [i, text] of texts.entries()) {
        const [alone] = await inferGolden(running, [text], version);
        expect(alone?.batchSize).toBe(1);
        alone?.answer.value.scores.forEach((score, label) => {
          expect(Math.abs(score - (together[i]?.answer.value.scores[label] ?? NaN))).toBeLessThanOrEqual(
            1e-5,
          );
        });
      }
    },
    120_000,
  );

  it('are refused for a text of which the tokenizer leaves nothing, but not for its batch mates', async () => {
    const texts = ['a fine film', '\u200b', '\0', 'a dull film', '\u0301', '\ufffd', '\u00ad\u2060'];
    const empty = 'EMPTY_TEXT';
    expect(codes(await infer(running, texts))).toEqual([null, empty, empty, null, empty, empty, empty]);
  });
});

describe('admission', () => {
  let running: Running;
  beforeAll(async () => {
    running = await startPool({ QUEUE_LIMIT: '64', MAX_TEXTS: '32', WORKERS: '1', SPARE_WORKERS: '0' });
  });
  afterAll(() => running.app.close());

  it('refuses at once, and whole, what does not fit, tells when to come back, and takes it later', async () => {
    const first = infer(running, new Array<string>(60).fill('a film'));
    await expect(infer(running, new Array<string>(5).fill('a film'))).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryAfterMs: expect.any(Number) as number,
    });
    const fits = infer(running, new Array<string>(4).fill('a film'));
    values(await first);
    values(await fits);
    expect(values(await infer(running, new Array<string>(64).fill('a film')))).toHaveLength(64);
    expect(running.pool.status()).toMatchObject({ queuedTexts: 0, runningTexts: 0 });
  });

  it('drops a cancelled text from the queue, and frees its place', async () => {
    const busy = infer(running, new Array<string>(60).fill('word '.repeat(200)), 'v1');
    const waiting = submit(running, ['gone', 'too']);
    for (const computation of waiting) computation.cancel(new AppError('DEADLINE_EXCEEDED', 'nobody waits'));
    expect(codes(await outcomesOf(waiting))).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED']);
    expect(running.pool.status().queuedTexts + running.pool.status().runningTexts).toBe(60);
    values(await busy);
  });

  it('lets a text run to its end when it is cancelled in a worker, and answers its batch mates', async () => {
    const [cancelled, mate] = submit(running, ['word '.repeat(200), 'word '.repeat(200)], { version: 'v1' });
    if (cancelled === undefined || mate === undefined) throw new Error('too few computations');
    await until(() => running.pool.status().runningTexts > 0);
    cancelled.cancel(new AppError('DEADLINE_EXCEEDED', 'nobody waits'));
    expect(codes(await outcomesOf([cancelled, mate]))).toEqual(['DEADLINE_EXCEEDED', null]);
    await until(() => running.pool.status().runningTexts === 0);
  });

  it('admits background texts to a small queue of their own, and runs them when no user waits', async () => {
    const user = infer(running, new Array<string>(60).fill('a film'));
    const background = submit(running, new Array<string>(64).fill('a film'), { priority: 'background' });
    expect(() => submit(running, ['one more'], { priority: 'background' })).toThrow(
      expect.objectContaining({ code: 'OVERLOADED' }),
    );
    expect(running.pool.status()).toMatchObject({ queuedTexts: 60, runningTexts: 0, backgroundTexts: 64 });
    values(await user);
    const rows = values(await outcomesOf(background));
    expect(rows.every(({ batchSize }) => batchSize === 1)).toBe(true);
    expect(running.pool.status()).toMatchObject({ queuedTexts: 0, runningTexts: 0, backgroundTexts: 0 });
  });
});
