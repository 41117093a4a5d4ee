import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { requestOf } from '../request/current-request.js';
import type { Reply } from '../request/reply.js';
import type { RequestContext } from '../request/request-context.js';

/** The facts that a handler reports about its request, for the log line, the metrics and Server-Timing. */
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
    | 'failed'
    | 'failedPerCode'
    | 'loggedText'
  >
>;

/** A request's reply, with the facts to record about it. */
export interface Handled {
  readonly facts: Facts;
  readonly reply: Reply;
}

/** Records facts about a request. Handlers change the request's context only through this function. */
export function record(context: RequestContext, facts: Facts): void {
  Object.assign(context, facts);
}

/** Records the facts, with the failure that the reply tells of, and returns the reply. */
export function settle({ facts, reply }: Handled, context: RequestContext): Reply {
  record(context, facts);
  context.failure = reply.failure;
  return reply;
}

/**
 * Writes cache hit, tokens and timings to the request's context. Only controllers that answer about texts use it,
 * because it costs time for each request. It sees only successes: 401, 404, malformed JSON and clients that leave never
 * reach it, so the log line itself is written when the response closes.
 */
@Injectable()
export class AnswerInterceptor implements NestInterceptor<Handled, Reply> {
  intercept(host: ExecutionContext, next: CallHandler<Handled>): Observable<Reply> {
    return next.handle().pipe(map((handled) => settle(handled, requestOf(host))));
  }
}
