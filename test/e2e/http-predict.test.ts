import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AnswerStamp as Stamp, BatchAnswer } from '../../src/service/dialects/native/native-dialect.js';
import type { TextAnswer } from '../../src/engine/text-answer.js';
import { Service } from './harness.js';

type Answer = TextAnswer & Stamp;

describe('predictions', () => {
  let service: Service;

  beforeAll(async () => {
    service = await Service.start();
  });

  afterAll(async () => {
    await service.stop();
  });

  const predict = async (body: object, headers = {}): Promise<Answer> =>
    (await (await service.post('/predict', body, headers)).json()) as Answer;

  it('say what the text is, by whom, and how long it took', async () => {
    const answer = await predict({ text: 'A gripping, beautifully shot film.' });
    expect(answer).toEqual({
      label: 'POSITIVE',
      score: expect.any(Number) as number,
      model_name: 'sentiment',
      model_version: 'v1',
      latency_ms: expect.any(Number) as number,
      request_id: expect.any(String) as string,
      cache_hit: false,
      tokens: expect.any(Number) as number,
      truncated: false,
    });
    expect(answer.score).toBeGreaterThan(0.5);
    expect(answer.latency_ms).toBeGreaterThan(0);
  });

  it('give as many scores as were asked for, best first, and never more than there are', async () => {
    const scoresFor = async (topK: number): Promise<Answer['scores']> =>
      (await predict({ text: 'A dull, endless film.', top_k: topK })).scores;
    const [one, two, many] = [await scoresFor(1), await scoresFor(2), await scoresFor(1_000_000)];
    expect(one?.map(({ label }) => label)).toEqual(['NEGATIVE']);
    expect(two?.map(({ label }) => label)).toEqual(['NEGATIVE', 'POSITIVE']);
    expect(many).toEqual(two);
    expect((two?.[0]?.score ?? 0) + (two?.[1]?.score ?? 0)).toBeCloseTo(1, 6);
  });

  it('come from the version that was asked for', async () => {
    expect((await predict({ text: 'A film.', version: 'v2' })).model_version).toBe('v2');
    expect((await predict({ text: 'A film.', model: 'sentiment', version: 'v1' })).model_version).toBe('v1');
  });

  it('say when a text was cut', async () => {
    const { truncated, tokens } = await predict({ text: 'word '.repeat(1000) });
    expect([truncated, tokens]).toEqual([true, 256]);
  });

  it('treat half a character as the replacement character', async () => {
    const [half, replaced] = [
      await predict({ text: 'A film \ud83d!' }),
      await predict({ text: 'A film \ufffd!' }),
    ];
    expect(half.score).toBeCloseTo(replaced.score, 6);
    expect(half.tokens).toBe(replaced.tokens);
  });

  it('keep a valid request id and replace any other', async () => {
    const [kept, replaced] = [
      await predict({ text: 'A film.' }, { 'x-request-id': 'order:4711.a_b-c' }),
      await predict({ text: 'A film.' }, { 'x-request-id': 'no spaces, please' }),
    ];
    expect(kept.request_id).toBe('order:4711.a_b-c');
    expect(replaced.request_id).toMatch(/^[0-9a-f]{32}$/);
  });

  it('tell their stages in Server-Timing', async () => {
    const response = await service.post('/predict', { text: 'A film that is timed.' });
    expect(response.headers.get('server-timing')).toMatch(
      /^receive;dur=\d+\.\d{3}, cache;dur=\S+, queue;dur=\S+, transfer;dur=\S+, tokenize;.+, total;dur=\d+\.\d{3}$/,
    );
  });

  it('of many texts are those of each alone, in order', async () => {
    const texts = ['A gripping film.', 'Two hours I will not get back.', 'Fine.', 'A mess '.repeat(30)];
    const response = await service.post('/predict_batch', { texts, top_k: 2 });
    const { results, model_name: model } = (await response.json()) as BatchAnswer & Stamp;
    expect(model).toBe('sentiment');
    for (const [i, text] of texts.entries()) {
      const { label, score, tokens, truncated } = await predict({ text }, { 'cache-control': 'no-cache' });
      const result = results[i] as TextAnswer;
      expect(result).toMatchObject({ label, tokens, truncated, model_version: 'v1' });
      expect(result.score).toBeCloseTo(score, 5);
      expect(result.scores?.[0]).toEqual({ label, score: result.score });
    }
  });

  it('that miss the deadline say so', async () => {
    const workers = service.workerPids();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    try {
      const headers = { 'x-deadline-ms': '50' };
      const one = await service.post('/predict', { text: 'Too late.' }, headers);
      expect(one.status).toBe(504);
      const many = await service.post('/predict_batch', { texts: ['Too late.', ''] }, headers);
      const { results } = (await many.json()) as { results: { error: { code: string } }[] };
      expect(results.map(({ error }) => error.code)).toEqual(['DEADLINE_EXCEEDED', 'EMPTY_TEXT']);
    } finally {
      for (const pid of workers) process.kill(pid, 'SIGCONT');
    }
    expect((await service.post('/predict', { text: 'In time.' })).status).toBe(200);
  });
});
