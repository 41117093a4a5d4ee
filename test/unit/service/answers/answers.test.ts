import type { FirstUse } from '../../../../src/service/inference/first-use.js';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/base/errors/app-error.js';
import { FIRST_WINDOW } from '../../../../src/engine/view.js';
import { Executor, type InferenceItem } from '../../../../src/engine/dispatch/executor.js';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import { candidateOf } from '../../../../src/rollout/candidate.js';
import { configuredRollout } from '../../../../src/rollout/rollout-in-force.js';
import { AnswerObservers } from '../../../../src/service/answers/answer-observers.js';
import { Answers } from '../../../../src/service/answers/answers.js';
import type { Ask, PickedAsk } from '../../../../src/service/answers/ask.js';
import type { CacheOutcome, PredictionCache } from '../../../../src/service/cache/prediction-cache.js';
import { CanaryService } from '../../../../src/service/canary/canary.service.js';
import type { RolloutsInForce } from '../../../../src/service/in-force/rollouts-in-force.js';
import type { ModelRegistryService } from '../../../../src/service/model-registry/model-registry.service.js';
import type { Metrics } from '../../../../src/service/observability/metrics.js';
import type { Caller } from '../../../../src/service/request/caller.js';

const versionOf = (name: string): ModelVersion =>
  ({ model: 'm', version: name, key: `m/${name}`, digest: name }) as ModelVersion;
const [v1, v2] = [versionOf('v1'), versionOf('v2')];
const CANARY = candidateOf({ version: 'v2', digest: 'v2' });
/** The cache answers everything here. */
class IdleExecutor extends Executor {
  override submit(): never[] {
    return [];
  }
}
const BLANK = new AppError('EMPTY_TEXT', 'texts.1 must not be empty');
const CALLER: Caller = {
  ...{ requestId: 'r', startedAt: 0, client: 'key:a', deadlineAt: 1e9 },
  ...{ origin: 'user', priority: 'user' },
};

const askOf = (text: string, index: number | null = null): Ask => ({ text, view: FIRST_WINDOW, index });

/** Answers over a registry with one version, and a cache that answers each text, or throws. */
function bench(failure?: Error): {
  answers: Answers;
  told: string[];
  asked: PickedAsk[];
  inFlight: () => number;
} {
  const registry = {
    defaultModel: 'm',
    resolve: (model: string) => {
      if (model !== 'm') throw new AppError('MODEL_NOT_FOUND', model);
      return v1;
    },
    versionOf: (_: string, { version }: { readonly version: string }) => (version === 'v2' ? v2 : v1),
    isReady: () => true,
  } as unknown as ModelRegistryService;
  const before = configuredRollout('m', { stable: 'v1', canary: 'v2' });
  const now = { ...before, rolloutId: 'r1', canary: CANARY, percent: 100 };
  const inForce = { of: (model: string) => (model === 'm' ? now : undefined) };
  const canary = new CanaryService(registry, inForce as unknown as RolloutsInForce);
  const asked: PickedAsk[] = [];
  const told: string[] = [];
  const cache = {
    answer: async (items: readonly PickedAsk[], { client }: Caller): Promise<CacheOutcome<PickedAsk>[]> => {
      await Promise.resolve();
      asked.push(...items);
      told.push(`in flight ${String(canary.inFlight('m', CANARY))} for ${client}`);
      if (failure !== undefined) throw failure;
      const answer = { value: { scores: [1] }, tokens: 3, truncated: false };
      return items.map((item) => ({
        ok: true,
        item,
        answer,
        level: 'memory',
        joined: false,
        inference: null,
        times: null,
      }));
    },
  } as unknown as PredictionCache;
  const observers = new AnswerObservers();
  observers.add({
    answered: ({ item: { text, index } }, { requestId }) => {
      told.push(`${requestId} ${text} ${String(index)}`);
    },
  });
  const metrics = { observeText: () => undefined } as unknown as Metrics;
  const loaded = { needed: () => undefined } as unknown as FirstUse;
  const answers = new Answers(registry, canary, cache, observers, new IdleExecutor(), loaded, metrics);
  return { answers, told, asked, inFlight: () => canary.inFlight('m', CANARY) };
}

describe('answers', () => {
  it('stand in the places of their asks, with the errors of the texts that were refused', async () => {
    const { answers, told, inFlight } = bench();
    const answered = await answers.answer([askOf('a', 0), BLANK, askOf('half \ud83d', 2)], CALLER);
    expect(answered.model).toBe('m');
    expect(answered.results.map(({ ok, item }) => [ok, item?.text])).toEqual([
      [true, 'a'],
      [false, undefined],
      [true, 'half \ufffd'],
    ]);
    expect(answered.results[1]).toMatchObject({ error: BLANK });
    expect(told).toEqual(['in flight 2 for key:a', 'r a 0', 'r half \ufffd 2']);
    expect(inFlight()).toBe(0);
  });

  it('come from the version that an ask is pinned to, which is no evidence in a rollout', async () => {
    const { answers, asked } = bench();
    await answers.answer([askOf('a', 0), { ...askOf('a', 1), pin: v1 }], CALLER);
    expect(asked.map(({ version, picked }) => [version, picked.role, picked.rolloutId])).toEqual([
      [v2, 'canary', 'r1'],
      [v1, 'pinned', null],
    ]);
  });

  it('to the service itself are seen by no observer', async () => {
    const { answers, told } = bench();
    await answers.answer([askOf('a')], { ...CALLER, origin: 'internal' });
    expect(told).toEqual(['in flight 1 for key:a']);
    await answers.answer([askOf('a')], { ...CALLER, origin: 'job' });
    expect(told.at(-1)).toBe('r a null');
  });

  it('that fail do so after the caller was told the versions, which then answer nothing any more', async () => {
    const full = new AppError('OVERLOADED', 'full');
    const { answers, told, inFlight } = bench(full);
    const picked = (model: string, items: readonly InferenceItem[]): void => {
      told.push(...items.map(({ version }) => `picked ${model} ${version.version}`));
    };
    await expect(answers.answer([askOf('a')], { ...CALLER, picked })).rejects.toBe(full);
    expect(told).toEqual(['picked m v2', 'in flight 1 for key:a']);
    expect(inFlight()).toBe(0);
  });

  it('to a list of bad texts still say that the model is unknown', async () => {
    const { answers } = bench();
    const other = { ...CALLER, model: 'other' };
    await expect(answers.answer([BLANK], other)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(await answers.answer([BLANK], CALLER)).toMatchObject({
      results: [{ error: BLANK }],
    });
  });
});
