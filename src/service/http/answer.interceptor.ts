import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { requestOf } from '../request/current-request.js';
import type { Reply } from '../request/reply.js';
import type { RequestContext } from '../request/request-context.js';

/** What a handler found out about its request, for the log line, the metrics and Server-Timing. */
export type Facts = Partial<
  Pick<
    RequestContext,
    | 'cacheHit'
    | 'cacheLevel'
    | 'modelName'
    | 'modelVersion'
    | 'tokens'
    | 'truncated'
    | 'receivedAt'
    | 'lookedUpAt'
    | 'resultAt'
    | 'turnAt'
    | 'joinMs'
    | 'queueMs'
    | 'transferMs'
    | 'tokenizeMs'
    | 'inferenceMs'
    | 'batchSize'
    | 'texts'
    | 'cacheHits'
    | 'textsPerVersion'
    | 'loggedText'
  >
>;

/** A request's reply, with what is to be recorded about it. */
export interface Handled {
  readonly facts: Facts;
  readonly reply: Reply;
}

/** Records facts about a request: the only way from a handler to the request's context. */
export function record(context: RequestContext, facts: Facts): void {
  Object.assign(context, facts);
}

/** Records the facts and hands on the reply. */
export function settle({ facts, reply }: Handled, context: RequestContext): Reply {
  record(context, facts);
  return reply;
}

/**
 * Puts cache hit, tokens and timings on the request's context. For controllers that answer about texts: each request
 * pays for it, so the others go without. It sees successes alone: the log line itself is written when the response
 * closes, because 401, 404, malformed JSON and clients that leave never come this far.
 */
@Injectable()
export class AnswerInterceptor implements NestInterceptor<Handled, Reply> {
  intercept(host: ExecutionContext, next: CallHandler<Handled>): Observable<Reply> {
    return next.handle().pipe(map((handled) => settle(handled, requestOf(host))));
  }
}
