import type { RequestContext } from './request-context.js';

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
    | 'queueMs'
    | 'tokenizeMs'
    | 'inferenceMs'
    | 'batchSize'
    | 'texts'
    | 'cacheHits'
    | 'textsPerVersion'
  >
>;

/** What every answer about texts carries beside them. */
export interface Stamp {
  readonly latency_ms: number;
  readonly request_id: string;
}

export type Stamped<Body> = Body & Stamp;

/**
 * Puts the facts on the request's context, and latency and request id on the answer. To be called last. It is no
 * interceptor of Nest: that would cost each request an Observable or two, about as much as the look-up of a hit.
 * The log line itself is written when the response closes, because 401, 404, malformed JSON and clients that leave
 * never come this far.
 */
export function stamped<Body extends object>(
  body: Body,
  facts: Facts,
  context: RequestContext,
): Stamped<Body> {
  Object.assign(context, facts);
  const stamp: Stamp = {
    latency_ms: Math.round(context.elapsedMs() * 1000) / 1000,
    request_id: context.requestId,
  };
  return Object.assign(body, stamp);
}
