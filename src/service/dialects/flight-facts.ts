import type { CacheAnswer } from '../cache/prediction-cache.js';
import type { Facts } from '../http/answer.interceptor.js';

/**
 * Where the time of a text went that memory lacked; undefined for one that it had. The stages of a worker are those of
 * a computation made for this text: who joined another one's flight waited for that, and none of its stages is its own.
 */
export function flightFacts({ joined, inference, times }: CacheAnswer): Facts | undefined {
  if (times === null) return undefined;
  return {
    lookedUpAt: times.lookedUpAt,
    resultAt: times.resultAt,
    joinMs: joined ? times.resultAt - times.lookedUpAt : null,
    queueMs: inference?.queueMs ?? null,
    transferMs: inference?.transferMs ?? null,
    tokenizeMs: inference?.tokenizeMs ?? null,
    inferenceMs: inference?.inferenceMs ?? null,
    batchSize: inference?.batchSize ?? null,
  };
}
