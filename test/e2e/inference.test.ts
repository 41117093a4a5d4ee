import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../src/model-registry/model-version.js';
import { codes, infer, inMs, startPool, values, type Running } from './pool-harness.js';

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
        const rows = values(
          await infer(
            running,
            slice.map(({ text }) => text),
            60_000,
            version,
          ),
        );
        rows.forEach((row, i) => {
          const item = slice[i];
          expect(row.tokens).toBe(item?.ids.length);
          expect(row.truncated).toBe(item?.truncated);
          row.scores.forEach((score, label) => {
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
      const together = values(await infer(running, texts, 60_000, version));
      for (const [i, text] of texts.entries()) {
        const [alone] = values(await infer(running, [text], 60_000, version));
        expect(alone?.batchSize).toBe(1);
        alone?.scores.forEach((score, label) => {
          expect(Math.abs(score - (together[i]?.scores[label] ?? NaN))).toBeLessThanOrEqual(1e-5);
        });
      }
    },
    120_000,
  );
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

  it('does not start work whose deadline has passed, and answers the texts that are late one by one', async () => {
    const busy = infer(running, new Array<string>(60).fill('word '.repeat(200)), 60_000, 'v1');
    expect(codes(await infer(running, ['late', 'too'], 1))).toEqual([
      'DEADLINE_EXCEEDED',
      'DEADLINE_EXCEEDED',
    ]);
    expect(running.pool.status().queuedTexts + running.pool.status().runningTexts).toBe(60);
    values(await busy);
  });

  it('drops the texts of a caller that has left', async () => {
    const busy = infer(running, new Array<string>(60).fill('word '.repeat(200)), 60_000, 'v1');
    const gone = new AbortController();
    const version = running.registry.resolve('sentiment', 'v2');
    const waiting = running.executor.infer([{ version, text: 'gone' }], {
      deadlineAt: inMs(60_000),
      signal: gone.signal,
    });
    gone.abort();
    expect(codes(await waiting)).toEqual(['DEADLINE_EXCEEDED']);
    expect(running.pool.status().queuedTexts + running.pool.status().runningTexts).toBe(60);
    values(await busy);
  });
});
