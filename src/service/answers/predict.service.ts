import { Inject, Injectable } from '@nestjs/common';
import { PredictionCache, type CacheAnswer, type CacheOutcome } from '../cache/prediction-cache.js';
import { CanaryService, type PickedVersion } from '../canary/canary.service.js';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { problemOf, type Problem } from '../../base/errors/problem.js';
import type { InferenceItem } from '../../engine/dispatch/executor.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import type { RequestContext } from '../request/request-context.js';
import { Answered, type Facts } from '../http/answer.interceptor.js';
import { AnswerObservers } from './answer-observers.js';
import { Metrics } from '../observability/metrics.js';
import { BatchFacts } from './batch-facts.js';
import { flightFacts } from './flight-facts.js';
import { type TextAnswer, textAnswerOf } from '../../engine/text-answer.js';
import { wellFormed } from '../../engine/tokenization/text-tokenizer.js';
import { textError } from '../../engine/text.js';

/** What the client asked for, beside the texts. */
export interface PredictChoice {
  readonly model?: string | undefined;
  readonly version?: string | undefined;
  readonly topK?: number | undefined;
  /** Who the request is for; undefined: each text is its own key. */
  readonly routingKey: string | undefined;
  /** Whether the answer must be computed, whatever the caches hold. */
  readonly refresh: boolean;
}

export type BatchResult = TextAnswer | { readonly error: Problem };
export interface BatchAnswer {
  readonly results: readonly BatchResult[];
  readonly model_name: string;
}

interface PickedText extends InferenceItem {
  readonly picked: PickedVersion;
}

interface ChosenText extends PickedText {
  /** Its place in the request. */
  readonly index: number;
}

/** From texts to answers: pick a version, look up or infer, shape. */
@Injectable()
export class PredictService {
  constructor(
    private readonly registry: ModelRegistryService,
    private readonly canary: CanaryService,
    private readonly cache: PredictionCache,
    private readonly observers: AnswerObservers,
    private readonly metrics: Metrics,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /** @throws AppError with any code of the table but those of /admin. */
  async predict(raw: string, choice: PredictChoice, context: RequestContext): Promise<Answered<TextAnswer>> {
    const problem = textError(raw, 'text');
    if (problem !== null) throw problem;
    if (this.config.logText) context.loggedText = raw;
    const text = wellFormed(raw);
    const picked = this.pick(choice, text);
    const { version } = picked;
    context.modelName = version.model;
    context.modelVersion = version.version;
    const [outcome] = await this.answer([{ version, text, picked }], choice, context);
    const turnAt = performance.now();
    if (outcome === undefined) throw new Error('The cache answered no outcome for one text.');
    this.observers.tell({ picked, text, index: null, outcome }, context);
    if (!outcome.ok) throw outcome.error;
    const { row, level } = outcome;
    this.metrics.observeText(version.model, version.version, row.truncated);
    return new Answered(textAnswerOf(version, row, choice.topK, level !== null), textFacts(outcome, turnAt));
  }

  /** One bad or failed text is an error in its place; it throws only what concerns the whole request. */
  async predictBatch(
    raw: readonly unknown[],
    choice: PredictChoice,
    context: RequestContext,
  ): Promise<Answered<BatchAnswer>> {
    this.checkCount(raw);
    if (this.config.logText) context.loggedText = raw;
    const model = choice.model ?? this.registry.defaultModel;
    context.texts = raw.length;
    const results = new Array<BatchResult>(raw.length);
    const facts = new BatchFacts(raw.length);
    const sound = this.choose(raw, choice, results, context.requestId);
    // Known to exist by now: a name that a client invents must not become a label of a metric.
    context.modelName = model;
    const outcomes = sound.length === 0 ? [] : await this.answer(sound, choice, context);
    const turnAt = performance.now();
    sound.forEach(({ version, text, picked, index }, i) => {
      const outcome = outcomes[i];
      if (outcome === undefined) throw new Error('The cache answered too few outcomes.');
      this.observers.tell({ picked, text, index, outcome }, context);
      if (!outcome.ok) {
        facts.fail();
        results[index] = { error: problemOf(outcome.error, context.requestId) };
        return;
      }
      const { row, level } = outcome;
      this.metrics.observeText(version.model, version.version, row.truncated);
      facts.add(version.version, outcome);
      results[index] = textAnswerOf(version, row, choice.topK, level !== null);
    });
    return new Answered({ results, model_name: model }, facts.toFacts(turnAt));
  }

  private pick({ model, version, routingKey }: PredictChoice, text: string): PickedVersion {
    const key = routingKey === undefined || routingKey === '' ? text : routingKey;
    return this.canary.choose(model, key, version);
  }

  /** The texts of a canary count as in flight until they are answered. */
  private async answer(
    texts: readonly PickedText[],
    choice: PredictChoice,
    context: RequestContext,
  ): Promise<CacheOutcome[]> {
    for (const { picked } of texts) this.canary.began(picked);
    context.receivedAt = performance.now();
    try {
      return await this.cache.answer(texts, context, choice);
    } finally {
      for (const { picked } of texts) this.canary.ended(picked);
    }
  }

  private checkCount(texts: readonly unknown[]): void {
    const { maxTexts } = this.config;
    if (texts.length <= maxTexts) return;
    const message = `must not have more than ${maxTexts} items`;
    throw new AppError('INVALID_REQUEST', `texts ${message}; it has ${texts.length}.`, {
      errors: [{ field: 'texts', message }],
    });
  }

  /** Picks a version for each sound text; the others get their errors at once. */
  private choose(
    raw: readonly unknown[],
    choice: PredictChoice,
    results: BatchResult[],
    requestId: string,
  ): ChosenText[] {
    // Resolved even if every text is bad: an unknown model is the request's error.
    if (choice.version !== undefined || choice.model !== undefined) this.pick(choice, '');
    const chosen: ChosenText[] = [];
    raw.forEach((item, index) => {
      const error = textError(item, `texts.${index}`);
      if (error !== null) {
        results[index] = { error: problemOf(error, requestId) };
        return;
      }
      const text = wellFormed(item as string);
      const picked = this.pick(choice, text);
      chosen.push({ index, version: picked.version, text, picked });
    });
    return chosen;
  }
}

/** For the log line. */
function textFacts(answer: CacheAnswer, turnAt: number): Facts {
  const { row, level } = answer;
  return {
    cacheHit: level !== null,
    cacheLevel: level,
    tokens: row.tokens,
    truncated: row.truncated,
    turnAt,
    ...flightFacts(answer),
  };
}
