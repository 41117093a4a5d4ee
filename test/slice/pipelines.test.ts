import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { Executor } from '../../src/engine/dispatch/executor.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { AnswerObservers } from '../../src/service/answers/answer-observers.js';
import { ask, inferences } from '../support/cache-harness.js';
import { change, known, PIPELINES, registryWithPipelines, TOKEN } from '../support/pipelines.js';
import { SliceApp } from '../support/slice-app.js';
import type { TempRegistry } from '../support/temp-registry.js';

const QUEUE_LIMIT = 64;

const JOINED = expect.stringMatching(/ join;dur=/) as string;

describe('a version with a pipeline', () => {
  let registry: TempRegistry;
  let service: SliceApp;
  const seen: ModelVersion[] = [];
  beforeAll(async () => {
    registry = registryWithPipelines();
    service = await SliceApp.start(
      {
        ADMIN_TOKEN: TOKEN,
        MODEL_REGISTRY: registry.folder,
        QUEUE_LIMIT: String(QUEUE_LIMIT),
        MAX_TEXTS: String(QUEUE_LIMIT / 2),
      },
      PIPELINES,
    );
    service.get(AnswerObservers).add({ answered: ({ item }) => seen.push(item.version) });
    for (const name of ['twice', 'broken', 'short', 'stray']) await change(service, 'load', name);
  });
  afterEach(() => {
    service.executor.release();
  });
  afterAll(async () => {
    await service.stop();
    registry.delete();
  });

  it('answers what its pipeline makes of the versions that it uses, and is cached as any other', async () => {
    const text = 'A dull film, twice.';
    const before = await inferences(service);
    const first = await ask(service, text, { version: 'twice' });
    expect(await inferences(service)).toBe(before + 2);
    const second = await ask(service, text, { version: 'twice' });
    expect(await inferences(service)).toBe(before + 2);
    const v1 = await ask(service, text, { version: 'v1' });
    const v2 = await ask(service, text, { version: 'v2' });
    expect(first).toMatchObject({
      ...{ status: 200, model_version: 'twice', label: 'NEGATIVE', cache_hit: false },
      ...{ score: (v1.score + v2.score) / 2, tokens: v1.tokens + v2.tokens, truncated: false },
      timing: expect.stringMatching(/inference;dur=/) as string,
    });
    expect(second).toMatchObject({ cache_hit: true, score: first.score, model_version: 'twice' });
    // The parts are answers of the used versions, and nothing computes them again.
    expect([v1, v2]).toMatchObject([{ cache_hit: true }, { cache_hit: true }]);
    expect(await inferences(service)).toBe(before + 2);
  });

  it('is evidence about itself, and not about the versions that it uses', async () => {
    seen.length = 0;
    await ask(service, 'A film that is evidence.', { version: 'twice' });
    expect(seen.map(({ version }) => version)).toEqual(['twice']);
  });

  it('answers texts of a list beside those of other versions, and equal ones once', async () => {
    const before = await inferences(service);
    const response = await service.post('/predict_batch', {
      texts: ['A film in a list.', 'A film in a list.', 'An awful film in a list.'],
      version: 'twice',
    });
    const { results } = (await response.json()) as { results: { label: string }[] };
    expect(results.map(({ label }) => label)).toEqual(['POSITIVE', 'POSITIVE', 'NEGATIVE']);
    expect(await inferences(service)).toBe(before + 4);
  });

  it('ends with the deadline of the request, and takes its texts from the queue', async () => {
    service.executor.hold();
    const late = await ask(service, 'Too late.', {
      version: 'twice',
      headers: { 'x-deadline-ms': '150' },
    });
    expect(late).toMatchObject({ status: 504, code: 'DEADLINE_EXCEEDED' });
    await vi.waitUntil(() => service.executor.status().queuedTexts === 0, { timeout: 5_000 });
  });

  it('takes its texts from the queue when its only caller leaves', async () => {
    service.executor.hold();
    const gone = new AbortController();
    const left = fetch(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'Nobody waits.', version: 'twice' }),
      signal: gone.signal,
    }).catch((error: unknown) => error);
    await vi.waitUntil(() => service.executor.status().queuedTexts === 2, { timeout: 5_000 });
    gone.abort();
    expect(await left).toBeInstanceOf(Error);
    await vi.waitUntil(() => service.executor.status().queuedTexts === 0, { timeout: 700 });
  });

  it('goes on for a caller with a later deadline who joined it', async () => {
    service.executor.hold();
    const text = 'Too late for one of two.';
    const early = ask(service, text, { version: 'twice', headers: { 'x-deadline-ms': '600' } });
    await vi.waitUntil(() => service.executor.status().queuedTexts === 2, { timeout: 5_000 });
    const later = ask(service, text, { version: 'twice', headers: { 'x-deadline-ms': '20000' } });
    expect(await early).toMatchObject({ status: 504 });
    service.executor.release();
    expect(await later).toMatchObject({ status: 200, model_version: 'twice', timing: JOINED });
  });

  it('is computed for the service itself too, behind the texts of users', async () => {
    const { version } = known(service, 'twice');
    if (version === null) throw new Error('twice is not there');
    service.executor.hold();
    const item = { version, text: 'Compared in the background.' };
    const [computation] = service.get(Executor).submit([item], 'background');
    await vi.waitUntil(() => service.executor.status().backgroundTexts === 2, { timeout: 5_000 });
    expect(service.executor.status().queuedTexts).toBe(0);
    service.executor.release();
    expect(await computation?.outcome).toMatchObject({ ok: true, value: { batchSize: 1 } });
  });

  it('is refused as any other when the queue is full', async () => {
    service.executor.hold();
    const lists = [0, 1].map((part) =>
      service.post('/predict_batch', {
        texts: Array.from(
          { length: QUEUE_LIMIT / 2 },
          (_, i) => `Text ${String(i)} of part ${String(part)}.`,
        ),
      }),
    );
    await vi.waitUntil(() => service.executor.status().queuedTexts === QUEUE_LIMIT, { timeout: 5_000 });
    const refused = await ask(service, 'One too many.', { version: 'twice' });
    expect(refused).toMatchObject({ status: 429, code: 'OVERLOADED' });
    service.executor.release();
    expect((await Promise.all(lists)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each([
    ['broken', 'fails'],
    ['short', 'answers scores of another number of labels'],
    ['stray', 'asks a version that its manifest does not bind'],
  ])('answers INTERNAL, and caches nothing, when its pipeline is %s: it %s', async (version) => {
    const text = 'No answer.';
    for (let turn = 0; turn < 2; turn++)
      expect(await ask(service, text, { version })).toMatchObject({ status: 500, code: 'INTERNAL' });
  });

  it('is listed with its state, and its files are whole', async () => {
    const response = await service.fetch('/models/sentiment');
    const { versions } = (await response.json()) as { versions: { version: string }[] };
    expect(versions.find(({ version }) => version === 'twice')).toMatchObject({
      ...{ state: 'ready', reason: null, digest: registry.digestOf('twice') },
      acceptance_reason: expect.stringContaining(
        'serin evaluate knows versions with a network only',
      ) as string,
    });
  });
});
