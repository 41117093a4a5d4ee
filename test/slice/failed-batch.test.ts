import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../src/base/errors/app-error.js';
import type { ErrorCode } from '../../src/base/errors/codes.js';
import type { Problem } from '../../src/base/errors/problem.js';
import type { Computation } from '../../src/engine/dispatch/executor.js';
import { SliceApp } from '../support/slice-app.js';

interface Batch {
  readonly results: readonly { readonly label?: string; readonly error?: Problem }[];
  readonly failed: number;
  readonly code?: string;
  readonly detail?: string;
  readonly retry_after_ms?: number;
}

let service: SliceApp;

const failedWith = (code: ErrorCode, wait: { retryAfterMs?: number }): Computation => ({
  outcome: Promise.resolve({ ok: false, error: new AppError(code, `as wanted: ${code}`, wait) }),
  cancel: () => undefined,
});

/** From now on a text `CODE` or `CODE waitMs` fails with that code; every other text is answered. */
function failAsTheTextSays(): void {
  const { executor } = service;
  const submit = executor.submit.bind(executor);
  executor.submit = (items, priority) =>
    items.map((item) => {
      const [, code, waitMs] = /^([A-Z_]+)(?: (\d+))?$/.exec(item.text) ?? [];
      if (code !== undefined)
        return failedWith(code as ErrorCode, waitMs === undefined ? {} : { retryAfterMs: Number(waitMs) });
      const [computation] = submit([item], priority);
      if (computation === undefined) throw new Error('one computation per text');
      return computation;
    });
}

async function ask(texts: readonly string[]): Promise<{ response: Response; body: Batch }> {
  const response = await service.post('/predict_batch', { texts });
  return { response, body: (await response.json()) as Batch };
}

const total = async (code: ErrorCode): Promise<number> => {
  const metrics = await (await service.fetch('/metrics')).text();
  return Number(new RegExp(`^serin_text_errors_total\\{code="${code}"\\} (\\d+)$`, 'm').exec(metrics)?.[1]);
};

describe('a batch', () => {
  beforeAll(async () => {
    service = await SliceApp.start();
    failAsTheTextSays();
  });
  afterAll(async () => {
    await service.stop();
  });

  it.each<[string, readonly string[], number]>([
    ['of good texts has 0 failed', ['fine', 'dull'], 0],
    ['with bad texts says how many, and is answered', ['', 'fine', ' '], 2],
    ['of bad texts alone is answered: another attempt would change nothing', ['', ' '], 2],
    ['that the model cannot answer is answered', ['INFERENCE_FAILED', 'INFERENCE_FAILED'], 2],
    ['of which one text is answered is answered', ['OVERLOADED', 'fine'], 1],
    ['that failed for two reasons is answered', ['OVERLOADED', 'DEADLINE_EXCEEDED'], 2],
    ['with a bad text among late ones is answered', ['DEADLINE_EXCEEDED', ''], 2],
  ])('%s', async (_, texts, failed) => {
    const { response, body } = await ask(texts);
    expect([response.status, body.failed, body.results.length]).toEqual([200, failed, texts.length]);
    expect(body.results.filter(({ error }) => error !== undefined)).toHaveLength(failed);
    expect([body.code, response.headers.get('retry-after')]).toEqual([undefined, null]);
  });

  it.each<[ErrorCode, number]>([
    ['OVERLOADED', 429],
    ['NOT_READY', 503],
    ['VERSION_NOT_READY', 503],
    ['SHUTTING_DOWN', 503],
    ['DEADLINE_EXCEEDED', 504],
  ])('whose texts all failed with %s has its status, and the same body', async (code, status) => {
    const before = await total(code);
    const { response, body } = await ask([`${code} 1200`, `${code} 2100`]);
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(body.results.map(({ error }) => error?.code)).toEqual([code, code]);
    expect(body).toMatchObject({ failed: 2, code, model_name: 'sentiment' });
    expect(body.detail).toMatch(/^Each of the 2 texts failed: as wanted/);
    // The wait after which every text may be answered.
    expect([body.retry_after_ms, response.headers.get('retry-after')]).toEqual([2100, '3']);
    expect(await total(code)).toBe(before + 2);
    const metrics = await (await service.fetch('/metrics')).text();
    expect(metrics).toMatch(
      new RegExp(
        `serin_requests_total\\{route="/predict_batch",model="sentiment",version="",status="${status}",code="${code}"\\} 1\\n`,
      ),
    );
  });
});
