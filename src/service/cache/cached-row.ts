import type { Row } from '../../engine/protocol/protocol.js';

/**
 * What is kept of an answer: what the model said about the text, and nothing of the request that asked first. All
 * scores are kept, in the order of the manifest's labels, because every `top_k` can be answered from them.
 */
export type CachedRow = Row;

/** The row alone, without the timings of the computation that it comes from. */
export function cachedRowOf({ scores, tokens, truncated }: Row): CachedRow {
  return { scores, tokens, truncated };
}
