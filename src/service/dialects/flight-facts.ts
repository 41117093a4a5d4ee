import type { CacheAnswer } from '../cache/prediction-cache.js';
import type { Facts } from '../http/answer.interceptor.js';

/**
 * The timings of a text that was not in memory; undefined for a text that was. The worker's stages are set only for a
 * computation that was made for this text: a text that joined another flight only waited for it.
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
