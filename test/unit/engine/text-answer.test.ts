import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CacheAnswer } from '../../../src/service/cache/prediction-cache.js';
import type { Inference } from '../../../src/engine/dispatch/executor.js';
import type { Answer } from '../../../src/engine/tasks/task.js';
import type { ModelVersion } from '../../../src/registry/model-version.js';
import type { Facts } from '../../../src/service/http/answer.interceptor.js';
import { BatchFacts } from '../../../src/service/dialects/batch-facts.js';
import { textAnswerOf } from '../../../src/engine/text-answer.js';
import { answerOf } from '../../support/label-versions.js';

const version = {
  model: 'sentiment',
  version: 'v1',
  manifest: { labels: ['A', 'B', 'C'] },
} as unknown as ModelVersion;
const inferenceOf = (answer: Answer): Inference => ({
  answer,
  queueMs: 1,
  transferMs: 0.5,
  tokenizeMs: 2,
  inferenceMs: 3,
  batchSize: 4,
  admittedAt: 100,
  resultAt: 106.5,
});

const inferred = (...scores: number[]): Inference => inferenceOf(answerOf(...scores));

describe('the answer about a text', () => {
  it('has the best label, and the first of equals', () => {
    expect(textAnswerOf(version, answerOf(0.1, 0.7, 0.2), undefined)).toEqual({
      label: 'B',
      score: 0.7,
      model_name: 'sentiment',
      model_version: 'v1',
      cache_hit: false,
      tokens: 5,
      truncated: false,
    });
    expect(textAnswerOf(version, answerOf(0.4, 0.4, 0.2), undefined).label).toBe('A');
  });

  it('lists as many labels as were asked for, best first, and all when there are fewer', () => {
    const scores = (topK: number): unknown => textAnswerOf(version, answerOf(0.1, 0.7, 0.2), topK).scores;
    const all = [
      { label: 'B', score: 0.7 },
      { label: 'C', score: 0.2 },
      { label: 'A', score: 0.1 },
    ];
    expect([scores(1), scores(2), scores(3), scores(9)]).toEqual([
      all.slice(0, 1),
      all.slice(0, 2),
      all,
      all,
    ]);
  });

  it('ranks every label once, in falling order', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(scores, (values) => {
        const labels = values.map((_, i) => `L${i}`);
        const ofAll = { ...version, manifest: { ...version.manifest, labels } };
        const ranked = textAnswerOf(ofAll, answerOf(...values), values.length).scores ?? [];
        expect(ranked.map(({ label }) => label).sort()).toEqual([...labels].sort());
        expect(ranked.every(({ score }, i) => i === 0 || score <= (ranked[i - 1]?.score ?? 0))).toBe(true);
        expect(ranked.map(({ label }) => values[labels.indexOf(label)])).toEqual(
          ranked.map(({ score }) => score),
        );
        expect(ranked[0]?.label).toBe(textAnswerOf(ofAll, answerOf(...values), undefined).label);
      }),
    );
  });
});

const computed = (inference: Inference): CacheAnswer => ({
  ok: true,
  item: { version, text: 'A film.' },
  answer: inference.answer,
  level: null,
  joined: false,
  inference,
  times: { lookedUpAt: inference.admittedAt, resultAt: inference.resultAt },
});
const hit = (level: 'memory' | 'redis'): CacheAnswer => ({
  ...computed(inferred(1)),
  level,
  inference: null,
  times: level === 'memory' ? null : { lookedUpAt: 101, resultAt: 101 },
});
const TURN = 108;
const factsOf = (batch: BatchFacts): Facts => batch.toFacts(TURN);

describe('the facts about a batch', () => {
  it('call the request a hit when no text of it had to be computed, and name the level that all came from', () => {
    const facts = new BatchFacts(2);
    facts.add('v1', hit('memory'));
    expect(factsOf(facts)).toMatchObject({ cacheHit: false, cacheHits: 1 });
    facts.add('v1', hit('memory'));
    expect(factsOf(facts)).toMatchObject({ cacheHit: true, cacheHits: 2, cacheLevel: 'memory' });
    facts.add('v1', hit('redis'));
    expect(factsOf(facts)).toMatchObject({ cacheLevel: null });
  });

  it('add up tokens, and take the time of the slowest', () => {
    const facts = new BatchFacts(4);
    facts.add('v1', computed(inferred(1)));
    const slow = {
      ...inferenceOf({ ...answerOf(1), truncated: true }),
      queueMs: 4,
      inferenceMs: 1,
      batchSize: 2,
      resultAt: 107.5,
    };
    facts.add('v1', computed(slow));
    facts.add('v1', computed(inferred(1)));
    facts.add('v1', hit('memory'));
    expect(factsOf(facts)).toEqual({
      cacheHit: false,
      cacheLevel: null,
      modelVersion: 'v1',
      texts: 4,
      cacheHits: 1,
      textsPerVersion: { v1: 4 },
      ...{ failed: 0, failedPerCode: null },
      tokens: 20,
      truncated: true,
      ...{ turnAt: TURN, lookedUpAt: 100, resultAt: 107.5, joinMs: null },
      ...{ queueMs: 4, transferMs: 0.5, tokenizeMs: 2, inferenceMs: 1, batchSize: 2 },
    });
  });

  it('tell the wait of a text that joined, which had no stage of a worker', () => {
    const facts = new BatchFacts(2);
    facts.add('v1', { ...computed(inferred(1)), joined: true, inference: null });
    facts.add('v1', hit('memory'));
    expect(factsOf(facts)).toMatchObject({ joinMs: 6.5, queueMs: null, transferMs: null, batchSize: null });
  });

  it('have no turn when a text failed: the wait for it is in no stage', () => {
    const facts = new BatchFacts(2);
    facts.add('v1', computed(inferred(1)));
    facts.fail('INFERENCE_FAILED', true);
    expect(factsOf(facts)).toMatchObject({ turnAt: null, resultAt: 106.5, queueMs: 1 });
  });

  it('count the texts that failed, which had no wait when they were refused at once', () => {
    const facts = new BatchFacts(3);
    facts.add('v1', computed(inferred(1)));
    facts.fail('EMPTY_TEXT', false);
    facts.fail('EMPTY_TEXT', false);
    const failed = { failed: 2, failedPerCode: { EMPTY_TEXT: 2 } };
    expect(factsOf(facts)).toMatchObject({ turnAt: TURN, ...failed });
  });

  it('name no version when there were several, or none', () => {
    const facts = new BatchFacts(2);
    expect(factsOf(facts)).toMatchObject({ modelVersion: null, turnAt: null, textsPerVersion: {} });
    facts.add('v1', computed(inferred(1)));
    facts.add('v2', computed(inferred(1)));
    expect(factsOf(facts)).toMatchObject({ modelVersion: null, textsPerVersion: { v1: 1, v2: 1 } });
  });
});
