import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { ownTurn } from '../../base/long-steps.js';
import { Answers } from '../answers/answers.js';
import { Access } from '../http/access/access.js';
import { type Handled, record } from '../http/answer.interceptor.js';
import type { RequestContext } from '../request/request-context.js';
import type { WireRequest } from '../request/wire-request.js';
import { factsOf } from './answered-facts.js';
import type { WireFormat } from './dialect.js';
import { RequestCaller } from './request-caller.js';

/** From this number on the texts of a request are answered in a turn of their own: of 256 in memory that takes 1 to 8 ms. */
const MANY_TEXTS = 32;

/** Answers requests about texts in any wire format. */
@Injectable()
export class WireAnswers {
  constructor(
    private readonly answers: Answers,
    private readonly access: Access,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /**
   * Answers a request, and returns the reply with the facts for its log line. Facts that are known before the answer
   * are recorded at once, because the client may leave in between.
   * @throws AppError when the format refuses the request, when its client lacks a right that it uses, or when the
   *   request as a whole cannot be answered
   */
  async handle<Shape>(
    format: WireFormat<Shape>,
    request: WireRequest,
    context: RequestContext,
  ): Promise<Handled> {
    const { asks, choice, shape, texts } = format.parse(request);
    const isList = typeof texts !== 'string';
    if (isList) record(context, { texts: texts.length });
    if (this.config.logText) record(context, { loggedText: texts });
    const refusal = this.access.rights.refusalOf(context.apiKeyName, choice);
    if (refusal !== null) throw refusal;
    if (context.countsAgainstRate) this.access.charge(context.client, asks.length);
    const caller = new RequestCaller(context, choice, isList, this.config);
    if (asks.length >= MANY_TEXTS) await ownTurn();
    const answered = await this.answers.answer(asks, caller);
    const facts = factsOf(asks, answered);
    const latencyMs = Math.round(context.elapsedMs() * 1000) / 1000;
    return { facts, reply: format.reply(answered, shape, { requestId: context.requestId, latencyMs }) };
  }
}
