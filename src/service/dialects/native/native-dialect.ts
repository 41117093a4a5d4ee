import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { AppError } from '../../../base/errors/app-error.js';
import { type Problem, problemOf } from '../../../base/errors/problem.js';
import { type TextAnswer, textAnswerOf } from '../../../engine/text-answer.js';
import { nothingLeft, textError } from '../../../engine/text.js';
import { FIRST_WINDOW } from '../../../engine/view.js';
import type { Answered } from '../../answers/answers.js';
import type { Ask, TextResult } from '../../answers/ask.js';
import { asksForFreshAnswer } from '../../cache/cache-control.js';
import type { Choice } from '../../request/caller.js';
import { PROBLEM_JSON, Reply, type Stamp } from '../../request/reply.js';
import type { WireRequest } from '../../request/wire-request.js';
import type { Parsed, WireFormat } from '../dialect.js';
import { PredictBatchRequest, type PredictOptions, type PredictRequest } from './predict.dto.js';

/** The fields that every answer about texts has in addition. */
export interface AnswerStamp {
  readonly latency_ms: number;
  readonly request_id: string;
}

export type BatchResult = TextAnswer | { readonly error: Problem };
export interface BatchAnswer {
  readonly results: readonly BatchResult[];
  readonly model_name: string;
}

/** The properties of the request that the reply needs. */
export interface NativeShape {
  readonly isBatch: boolean;
  /** The requested number of labels; undefined means only the best one. */
  readonly topK: number | undefined;
}

/** Adds the stamp's fields to a body. */
const stamped = <Body extends object>(body: Body, { requestId, latencyMs }: Stamp): Body & AnswerStamp =>
  Object.assign(body, { latency_ms: latencyMs, request_id: requestId });

function choiceOf({ model, version }: PredictOptions, { headers }: WireRequest): Choice {
  const routingKey = headers['x-routing-key'] as string | undefined;
  return { model, version, routingKey, refresh: asksForFreshAnswer(headers['cache-control']) };
}

/**
 * The service's own wire format. It has no routes: Nest controllers declare its routes, check the bodies with DTOs and
 * document them.
 */
@Injectable()
export class NativeDialect implements WireFormat<NativeShape> {
  readonly name = 'native';
  readonly problem = PROBLEM_JSON.problem.bind(PROBLEM_JSON);

  constructor(@Inject(SERIN_CONFIG) private readonly config: SerinConfig) {}

  /** @param request its body must be an instance of {@link PredictRequest} or {@link PredictBatchRequest} */
  parse(request: WireRequest): Parsed<NativeShape> {
    const body = request.body as PredictRequest | PredictBatchRequest;
    const choice = choiceOf(body, request);
    if (body instanceof PredictBatchRequest) {
      this.checkCount(body.texts);
      const asks = body.texts.map(askOf);
      return { asks, choice, shape: { isBatch: true, topK: body.top_k }, texts: body.texts };
    }
    const problem = textError(body.text, 'text');
    if (problem !== null) throw problem;
    const ask = { text: body.text, view: FIRST_WINDOW, index: null };
    return { asks: [ask], choice, shape: { isBatch: false, topK: body.top_k }, texts: body.text };
  }

  reply({ results, model }: Answered, { isBatch, topK }: NativeShape, stamp: Stamp): Reply {
    if (isBatch) {
      const answer: BatchAnswer = {
        results: results.map((result) => batchResult(result, topK, stamp.requestId)),
        model_name: model,
      };
      return new Reply(200, stamped(answer, stamp));
    }
    const [result] = results;
    if (result === undefined) throw new Error('There is no result for the one text.');
    if (!result.ok) throw result.error;
    const answer = textAnswerOf(result.item.version, result.answer, topK, result.level !== null);
    return new Reply(200, stamped(answer, stamp));
  }

  private checkCount(texts: readonly unknown[]): void {
    const { maxTexts } = this.config;
    if (texts.length <= maxTexts) return;
    const message = `must not have more than ${maxTexts} items`;
    throw new AppError('INVALID_REQUEST', `texts ${message}; it has ${texts.length}.`, {
      errors: [{ field: 'texts', message }],
    });
  }
}

/** Reads one text of a batch; an invalid text becomes an error at its index. */
const askOf = (text: unknown, index: number): Ask | AppError =>
  textError(text, `texts.${index}`) ?? { text: text as string, view: FIRST_WINDOW, index };

/** The worker that found a text empty does not know its place. */
function errorOf({ item, error }: TextResult & { ok: false }): AppError {
  return item !== null && error.code === 'EMPTY_TEXT' ? nothingLeft(`texts.${item.index ?? 0}`) : error;
}

function batchResult(result: TextResult, topK: number | undefined, requestId: string): BatchResult {
  return result.ok
    ? textAnswerOf(result.item.version, result.answer, topK, result.level !== null)
    : { error: problemOf(errorOf(result), requestId) };
}
