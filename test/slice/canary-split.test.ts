import { describe, expect, it } from 'vitest';
import type { TextAnswer } from '../../src/engine/text-answer.js';
import type { AnswerStamp as Stamp, BatchAnswer } from '../../src/service/dialects/native/native-dialect.js';
import { SliceApp } from '../support/slice-app.js';

type Answer = TextAnswer & Stamp;

describe('the canary', () => {
  const split = async (
    percent: string,
    headers: (i: number) => Record<string, string>,
  ): Promise<string[]> => {
    const service = await SliceApp.start({ CANARY_PERCENT: percent });
    try {
      const versions: string[] = [];
      for (let i = 0; i < 40; i++) {
        const response = await service.post('/predict', { text: `Film ${i}.` }, headers(i));
        versions.push(((await response.json()) as Answer).model_version);
      }
      return versions;
    } finally {
      await service.stop();
    }
  };

  it('gets its share of the texts, and all of a routing key or nothing', async () => {
    const byText = await split('50', () => ({}));
    expect(new Set(byText)).toEqual(new Set(['v1', 'v2']));
    const byKey = await split('50', () => ({ 'x-routing-key': 'customer-7' }));
    expect(new Set(byKey).size).toBe(1);
    expect(await split('50', () => ({}))).toEqual(byText);
  });

  it('splits a batch text by text, and a pinned version wins', async () => {
    const service = await SliceApp.start({ CANARY_PERCENT: '50' });
    try {
      const texts = Array.from({ length: 40 }, (_, i) => `Film ${i}.`);
      const response = await service.post('/predict_batch', { texts });
      const { results, request_id: id } = (await response.json()) as BatchAnswer & Stamp;
      const versions = results.map((result) => (result as TextAnswer).model_version);
      expect(new Set(versions)).toEqual(new Set(['v1', 'v2']));
      const counts = Object.fromEntries(
        ['v1', 'v2'].map((name) => [name, versions.filter((v) => v === name).length]),
      );
      expect(await service.requestLine(id)).toMatchObject({
        texts: 40,
        cache_hits: 0,
        texts_per_version: counts,
      });
      const pinned = await service.post('/predict_batch', { texts, version: 'v1' });
      const answer = (await pinned.json()) as BatchAnswer;
      expect(new Set(answer.results.map((result) => (result as TextAnswer).model_version))).toEqual(
        new Set(['v1']),
      );
    } finally {
      await service.stop();
    }
  });
});
