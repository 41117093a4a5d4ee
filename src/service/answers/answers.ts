import { Injectable } from '@nestjs/common';
import type { AppError } from '../../base/errors/app-error.js';
import { Executor } from '../../engine/dispatch/executor.js';
import { wellFormed } from '../../engine/tokenization/text-tokenizer.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { type CacheOutcome, PredictionCache } from '../cache/prediction-cache.js';
import { CanaryService, type PickedVersion } from '../canary/canary.service.js';
import { FirstUse } from '../inference/first-use.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { Metrics } from '../observability/metrics.js';
import type { Caller } from '../request/caller.js';
import { AnswerObservers } from './answer-observers.js';
import type { Ask, PickedAsk, TextResult } from './ask.js';

/** What became of all asks of a caller. */
export interface Answered {
  /** Name of the model that was asked; it exists. */
  readonly model: string;
  /** In the order of the asks. */
  readonly results: readonly TextResult[];
  /** `performance.now()` when they were there. */
  readonly turnAt: number;
}

/** What a pinned ask is answered by: no part of a rollout, and no evidence in one. */
const pinned = (version: ModelVersion): PickedVersion => ({
  version,
  candidate: null,
  role: 'pinned',
  percent: 0,
  rolloutId: null,
});

/** Texts in, results out, whatever the wire format: picks versions, asks the cache, and tells the observers. */
@Injectable()
export class Answers {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly canary: CanaryService,
    private readonly cache: PredictionCache,
    private readonly observers: AnswerObservers,
    private readonly executor: Executor,
    private readonly firstUse: FirstUse,
    private readonly metrics: Metrics,
  ) {}

  /**
   * @param asks an error in place of a text that its wire format refuses; it spares the others
   * @throws AppError MODEL_NOT_FOUND, VERSION_NOT_FOUND, VERSION_NOT_READY or NOT_READY when no version can be picked,
   *   and what Executor.submit throws when texts that have to be computed are not admitted
   */
  async answer(asks: readonly (Ask | AppError)[], caller: Caller): Promise<Answered> {
    const loaded = this.firstUse.needed(caller);
    if (loaded !== undefined) await loaded;
    const picked = this.pickAll(asks, caller);
    const model = caller.model ?? this.registry.defaultModel;
    caller.picked?.(model, picked, () => this.executor.aloneMs(picked));
    let outcomes: CacheOutcome<PickedAsk>[] = [];
    // The texts of a canary count as in flight until they are answered.
    for (const ask of picked) this.canary.began(ask.picked);
    try {
      if (picked.length > 0) outcomes = await this.cache.answer(picked, caller);
    } finally {
      for (const ask of picked) this.canary.ended(ask.picked);
    }
    const turnAt = performance.now();
    for (const outcome of outcomes) this.observe(outcome, caller);
    return { model, results: inPlaces(asks, outcomes), turnAt };
  }

  private observe(outcome: CacheOutcome<PickedAsk>, caller: Caller): void {
    this.observers.tell(outcome, caller);
    if (!outcome.ok) return;
    const { version } = outcome.item;
    this.metrics.observeText(version.model, version.version, outcome.answer.truncated);
  }

  private pickAll(asks: readonly (Ask | AppError)[], caller: Caller): PickedAsk[] {
    // Resolved even if every text of a list is bad: an unknown model is the request's error.
    const isNamed = caller.version !== undefined || caller.model !== undefined;
    if (isNamed && !isSingle(asks)) this.pick('', caller);
    const picked: PickedAsk[] = [];
    for (const ask of asks) if ('text' in ask) picked.push(this.pickFor(ask, caller));
    return picked;
  }

  private pickFor({ text: raw, view, index, pin }: Ask, caller: Caller): PickedAsk {
    const text = wellFormed(raw);
    const picked = pin === undefined ? this.pick(text, caller) : pinned(pin);
    return { version: picked.version, text, view, picked, index };
  }

  private pick(text: string, { model, version, routingKey }: Caller): PickedVersion {
    const key = routingKey === undefined || routingKey === '' ? text : routingKey;
    return this.canary.choose(model, key, version);
  }
}

/** Whether a request is about one text, and not about a list, which may have one text too. */
export function isSingle(asks: readonly (Ask | AppError)[]): boolean {
  const [only] = asks;
  return only !== undefined && 'text' in only && only.index === null;
}

/** The outcomes, and the errors of the texts that were refused, in the places of their asks. */
function inPlaces(
  asks: readonly (Ask | AppError)[],
  outcomes: readonly CacheOutcome<PickedAsk>[],
): readonly TextResult[] {
  if (outcomes.length === asks.length) return outcomes;
  let next = 0;
  return asks.map((ask) => {
    if (!('text' in ask)) return { ok: false, item: null, error: ask };
    const outcome = outcomes[next++];
    if (outcome === undefined) throw new Error('The cache answered too few outcomes.');
    return outcome;
  });
}
