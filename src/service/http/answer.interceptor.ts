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

/** What became of a request: its reply, or why there is none, and what is to be recorded in either case. */
export type Handled = { readonly facts: Facts } & ({ readonly reply: Reply } | { readonly failure: unknown });

/**
 * Records the facts about a request, whatever became of it: the only way from a handler to the request's context.
 * @throws whatever the request failed with
 */
export function settle(handled: Handled, context: RequestContext): Reply {
  Object.assign(context, handled.facts);
  if ('failure' in handled) throw handled.failure;
  return handled.reply;
}

/**
 * Puts model version, cache hit and timings on the request's context. For controllers that answer about texts: each
 * request pays for it, so the others go without. It sees what came as far as a handler: the log line itself is written
 * when the response closes, because 401, 404, malformed JSON and clients that leave never come this far.
 */
@Injectable()
export class AnswerInterceptor implements NestInterceptor<Handled, Reply> {
  intercept(host: ExecutionContext, next: CallHandler<Handled>): Observable<Reply> {
    return next.handle().pipe(map((handled) => settle(handled, requestOf(host))));
  }
}
