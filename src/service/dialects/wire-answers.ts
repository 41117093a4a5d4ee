import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { Answers } from '../answers/answers.js';
import type { Facts, Handled } from '../http/answer.interceptor.js';
import type { RequestContext } from '../request/request-context.js';
import type { WireRequest } from '../request/wire-request.js';
import { factsOf } from './answered-facts.js';
import type { Parsed, WireFormat } from './dialect.js';
import { RequestCaller } from './request-caller.js';

/** Answers requests about texts in any wire format, whatever has read them from the wire. */
@Injectable()
export class WireAnswers {
  constructor(
    private readonly answers: Answers,
    @Inject(SERIN_CONFIG) private readonly config: SerinConfig,
  ) {}

  /**
   * What became of a request, with the facts for its log line, which are there also when it failed.
   * @throws AppError what the format refuses as a whole: there is nothing to record then
   */
  async handle<Shape>(
    format: WireFormat<Shape>,
    request: WireRequest,
    context: RequestContext,
  ): Promise<Handled> {
    const parsed = format.parse(request);
    let facts: Facts = {};
    try {
      const answered = await this.answers.answer(
        parsed.asks,
        new RequestCaller(context, request, parsed.choice),
      );
      facts = factsOf(parsed.asks, answered);
      if ('failure' in answered) return { facts, failure: answered.failure };
      const stamp = {
        requestId: context.requestId,
        latencyMs: Math.round(context.elapsedMs() * 1000) / 1000,
      };
      return { facts, reply: format.reply(answered, parsed.shape, stamp) };
    } catch (failure) {
      return { facts, failure };
    } finally {
      this.addRequest(parsed, facts);
    }
  }

  /** What is known about the request itself, whatever becomes of it. */
  private addRequest({ texts }: Parsed<unknown>, facts: Facts): void {
    if (this.config.logText) facts.loggedText = texts;
    if (typeof texts !== 'string') facts.texts = texts.length;
  }
}
