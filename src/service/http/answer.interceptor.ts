import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import { requestOf } from '../request/current-request.js';
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
  >
>;

/** A handler's answer together with what is to be recorded about it. */
export class Answered<Body extends object> {
  constructor(
    readonly body: Body,
    readonly facts: Facts,
  ) {}
}

/** What every answer about texts carries beside them. */
export interface Stamp {
  readonly latency_ms: number;
  readonly request_id: string;
}

function stamped<Body extends object>(
  { body, facts }: Answered<Body>,
  context: RequestContext,
): Body & Stamp {
  Object.assign(context, facts);
  const stamp: Stamp = {
    latency_ms: Math.round(context.elapsedMs() * 1000) / 1000,
    request_id: context.requestId,
  };
  return Object.assign(body, stamp);
}

/**
 * Puts model version, cache hit and timings on the request's context, and latency and request id on the answer. For
 * controllers that answer about texts: each request pays for it, so the others go without. It sees successes alone: the
 * log line itself is written when the response closes, because 401, 404, malformed JSON and clients that leave never
 * come this far.
 */
@Injectable()
export class AnswerInterceptor implements NestInterceptor<Answered<object>, object> {
  intercept(host: ExecutionContext, next: CallHandler<Answered<object>>): Observable<object> {
    return next.handle().pipe(map((answered) => stamped(answered, requestOf(host))));
  }
}
