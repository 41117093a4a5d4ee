/**
 * Heap bytes of a cached row without its scores, measured on Node 20 (test/e2e/service/cache/memory-level.test.ts
 * measures again): the key's text and object, the row, Keyv's wrapper, and the LRU's own lists.
 */
const OVERHEAD_BYTES = 400;
const SCORE_BYTES = 8;

/** Estimated heap bytes of a cached row with one score per label; model name and digest are shared with the registry. */
export const cachedRowBytes = (labels: number): number => OVERHEAD_BYTES + SCORE_BYTES * labels;
