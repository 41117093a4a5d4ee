import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, holding, inferences, metric, waitFor, written, type Answer } from '../support/cache-harness.js';
import { SliceApp, type LogLine } from '../support/slice-app.js';
import { failOnDemand } from '../support/fail-on-demand.js';

const ADMIN = { authorization: 'Bearer let-me-in' };
const NO_CACHE = { 'cache-control': 'max-age=0, no-cache' };

const purge = (service: SliceApp, query = ''): Promise<Response> =>
  service.fetch(`/admin/cache${query}`, { method: 'DELETE', headers: ADMIN });

describe('the cache', () => {
  let service: SliceApp;
  beforeAll(async () => {
    service = await SliceApp.start({ ADMIN_TOKEN: 'let-me-in' });
  });
  afterAll(() => service.stop());

  it('answers a repeated text without a worker, in all else as before', async () => {
    const first = await ask(service, 'A film to see twice.', { top_k: 2 });
    const before = await inferences(service);
    const second = await ask(service, 'A film to see twice.', { top_k: 2 });
    expect(first).toMatchObject({
      cache_hit: false,
      timing: expect.stringMatching(/^receive;dur=[\d.]+, cache;dur=[\d.]+, queue;/) as string,
    });
    expect(second).toMatchObject({
      ...{ label: first.label, score: first.score, model_version: first.model_version, scores: first.scores },
      ...{ tokens: first.tokens, truncated: first.truncated },
      cache_hit: true,
      timing: expect.stringMatching(
        /^receive;dur=[\d.]+, cache;desc=memory;dur=[\d.]+, serialise;dur=[\d.]+, total;dur=[\d.]+$/,
      ) as string,
    });
    expect(await inferences(service)).toBe(before);
    expect(await service.requestLine(first.request_id)).toMatchObject({
      cache_hit: false,
      cache_level: null,
    });
    expect(await service.requestLine(second.request_id)).toMatchObject({
      ...{ cache_hit: true, cache_level: 'memory', tokens: first.tokens, model_version: 'v1' },
      ...{ queue_ms: null, tokenize_ms: null, inference_ms: null, batch_size: null },
    });
  });

  it('answers whatever top_k, and whatever the text is made of', async () => {
    const text = 'naïve 🎬 \ud800 \u0000 film';
    const { scores, ...first } = await ask(service, text);
    expect(scores).toBeUndefined();
    expect(await ask(service, text, { top_k: 1 })).toMatchObject({
      ...{ cache_hit: true, label: first.label, score: first.score },
      scores: [{ label: first.label, score: first.score }],
    });
  });

  it('answers no version with the answer of another', async () => {
    const stable = await ask(service, 'One text, two versions.', { version: 'v1' });
    const other = await ask(service, 'One text, two versions.', { version: 'v2' });
    expect([stable, other]).toMatchObject([
      { cache_hit: false, model_version: 'v1' },
      { cache_hit: false, model_version: 'v2' },
    ]);
    expect(await ask(service, 'One text, two versions.')).toMatchObject({
      cache_hit: true,
      score: stable.score,
    });
    expect(await ask(service, 'One text, two versions.', { version: 'v2' })).toMatchObject({
      ...{ cache_hit: true, score: other.score, model_version: 'v2' },
    });
  });

  it('computes afresh on no-cache, and keeps that', async () => {
    await ask(service, 'Told afresh.');
    const before = await inferences(service);
    expect(await ask(service, 'Told afresh.', { headers: NO_CACHE })).toMatchObject({ cache_hit: false });
    expect(await inferences(service)).toBe(before + 1);
    expect(await ask(service, 'Told anew.', { headers: NO_CACHE })).toMatchObject({ cache_hit: false });
    expect(await ask(service, 'Told anew.')).toMatchObject({ cache_hit: true });
  });

  it('computes a new text once, however many ask for it at once', async () => {
    const [before, joins] = [await inferences(service), await metric(service, 'serin_cache_joins_total')];
    const answers = await Promise.all(Array.from({ length: 32 }, () => ask(service, 'All at once.')));
    expect(new Set(answers.map(({ status, score }) => `${status} ${score}`)).size).toBe(1);
    expect(await inferences(service)).toBe(before + 1);
    const hits = answers.filter((answer) => answer.cache_hit).length;
    expect(await metric(service, 'serin_cache_joins_total')).toBe(joins + 31 - hits);
    const lines: LogLine[] = [];
    for (const { request_id: id } of answers) lines.push(await service.requestLine(id));
    // Who joined did not wait in the queue: those times belong to the one who led.
    expect(lines.filter(({ queue_ms: queueMs }) => queueMs !== null)).toHaveLength(1);
    expect(lines.filter(({ join_ms: joinMs }) => joinMs !== null)).toHaveLength(31 - hits);
  });

  it('computes the distinct missing texts of a batch, and only those', async () => {
    const send = async (texts: readonly string[]): Promise<{ results: Answer[]; request_id: string }> =>
      (await (await service.post('/predict_batch', { texts })).json()) as never;
    const before = await inferences(service);
    const first = await send(['In a batch.', 'Another.', 'In a batch.', 'In a batch.']);
    expect(await inferences(service)).toBe(before + 2);
    expect(first.results.map((result) => result.cache_hit)).toEqual([false, false, false, false]);
    expect(first.results[2]).toEqual(first.results[0]);
    const second = await send(['A third.', '', 'In a batch.', 'Another.']);
    expect(await inferences(service)).toBe(before + 3);
    expect(second.results.map((result) => ('error' in result ? 'error' : result.cache_hit))).toEqual([
      ...[false, 'error', true, true],
    ]);
    expect(second.results[2]).toEqual({ ...first.results[0], cache_hit: true });
    expect(await service.requestLine(second.request_id)).toMatchObject({
      ...{ texts: 4, cache_hits: 2, cache_hit: false, cache_level: null },
    });
    const third = await send(['A third.', 'Another.']);
    expect(await service.requestLine(third.request_id)).toMatchObject({
      ...{ texts: 2, cache_hits: 2, cache_hit: true, cache_level: 'memory', queue_ms: null },
    });
  });

  it('lets nobody else keep an answer, nor an error', async () => {
    expect((await ask(service, 'Not to be stored.')).store).toBe('no-store');
    expect(await ask(service, ' ')).toMatchObject({ code: 'EMPTY_TEXT', store: 'no-store' });
  });

  it('keeps no answer for a text of which the tokenizer leaves nothing', async () => {
    const entries = await metric(service, 'serin_cache_entries');
    for (let i = 0; i < 2; i++) {
      expect(await ask(service, '\u200b')).toMatchObject({ code: 'EMPTY_TEXT', store: 'no-store' });
    }
    expect(await metric(service, 'serin_cache_entries')).toBe(entries);
  });

  it('is emptied as a whole, or for one model, with an audit line', async () => {
    await ask(service, 'To be purged.');
    const entries = await metric(service, 'serin_cache_entries');
    expect(entries).toBeGreaterThan(0);
    expect(await metric(service, 'serin_cache_bytes')).toBeGreaterThan(100 * entries);
    const response = await purge(service, '?model=sentiment');
    const purged = { model_name: 'sentiment', memory_entries: entries, second_level_purged: null };
    expect(await response.json()).toEqual(purged);
    const line = await service.line(({ msg }) => msg === 'cache_purge');
    expect(line).toMatchObject({
      context: 'audit',
      request_id: response.headers.get('x-request-id'),
      ...purged,
    });
    expect(await metric(service, 'serin_cache_removals_total', 'purged')).toBe(entries);
    expect(await ask(service, 'To be purged.')).toMatchObject({ cache_hit: false });
    expect(await (await purge(service)).json()).toMatchObject({ model_name: null, memory_entries: 1 });
    expect(await ask(service, 'To be purged.')).toMatchObject({ cache_hit: false });
  });

  it.each([
    ['?model=nope', 404, 'MODEL_NOT_FOUND'],
    ['?modle=sentiment', 400, 'INVALID_REQUEST'],
    ['?model=', 400, 'INVALID_REQUEST'],
    ['?model=sentiment&model=sentiment', 400, 'INVALID_REQUEST'],
    ['?model[a]=sentiment', 400, 'INVALID_REQUEST'],
  ])('is not emptied by DELETE /admin/cache%s', async (query, status, code) => {
    await ask(service, 'To be kept.');
    const response = await purge(service, query);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code });
    expect(await ask(service, 'To be kept.')).toMatchObject({ cache_hit: true });
  });

  it('frees the entries of a version that is unloaded', async () => {
    await purge(service);
    await ask(service, 'Of the first version.', { version: 'v1' });
    await ask(service, 'Of the second version.', { version: 'v2' });
    const unload = '/admin/models/sentiment/versions/v2/unload';
    expect((await service.fetch(unload, { method: 'POST', headers: ADMIN })).status).toBe(200);
    expect(await metric(service, 'serin_cache_entries')).toBe(1);
    expect(await ask(service, 'Of the first version.')).toMatchObject({ cache_hit: true });
    expect(await ask(service, 'Of the second version.', { version: 'v2' })).toMatchObject({
      code: 'VERSION_NOT_READY',
    });
  });
});

describe('limits', () => {
  it('the oldest answer goes when there are too many', async () => {
    const service = await SliceApp.start({ CACHE_MAX_ITEMS: '2' });
    for (const text of ['one', 'two', 'one', 'three']) await ask(service, text);
    expect(await metric(service, 'serin_cache_removals_total', 'evicted')).toBe(1);
    expect(await metric(service, 'serin_cache_entries')).toBe(2);
    expect(await ask(service, 'one')).toMatchObject({ cache_hit: true });
    expect(await ask(service, 'two')).toMatchObject({ cache_hit: false });
    await service.stop();
  });

  it('an answer that is too old is computed again', async () => {
    const service = await SliceApp.start({ CACHE_TTL_MS: '1' });
    await ask(service, 'short-lived');
    const kept = performance.now();
    await waitFor(() => Promise.resolve(performance.now() > kept + 2));
    expect(await ask(service, 'short-lived')).toMatchObject({ cache_hit: false });
    expect(await metric(service, 'serin_cache_removals_total', 'expired')).toBe(1);
    await service.stop();
  });

  it('nothing is kept with the cache off, and equal texts still share one computation', async () => {
    const service = await SliceApp.start({ CACHE_MAX_ITEMS: '0' });
    const before = await inferences(service);
    service.executor.hold();
    const asked = await Promise.all(Array.from({ length: 32 }, () => written(service, 'All at once.')));
    // All have been written; the service reads what it has received before it answers this and the next.
    for (let reads = 0; reads < 5; reads++) expect((await service.fetch('/health/live')).status).toBe(200);
    await holding(service, 1);
    service.executor.release();
    expect(await Promise.all(asked.map(({ status }) => status))).toEqual(new Array(32).fill(200));
    expect(await inferences(service)).toBe(before + 1);
    expect(await metric(service, 'serin_cache_joins_total')).toBe(31);
    expect(await ask(service, 'All at once.')).toMatchObject({ cache_hit: false });
    expect(await inferences(service)).toBe(before + 2);
    expect(await metric(service, 'serin_cache_misses_total')).toBe(0);
    await service.stop();
  });

  it('errors are not kept', async () => {
    const service = failOnDemand(await SliceApp.start());
    expect(await ask(service, 'fail')).toMatchObject({ status: 500 });
    expect(await ask(service, 'fail')).toMatchObject({ status: 500, code: 'INFERENCE_FAILED' });
    expect(await metric(service, 'serin_cache_misses_total')).toBe(2);
    expect(await metric(service, 'serin_cache_entries')).toBe(0);
    await service.stop();
  });
});
