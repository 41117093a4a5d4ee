import type { Codec, Value } from './task.js';

/**
 * Heap bytes of a cached answer without its value: the key's text and object, the answer, Keyv's wrapper, and the LRU's
 * own lists. Measured on Node 20; test/e2e/service/cache/memory-level.test.ts repeats the measurement.
 */
const OVERHEAD_BYTES = 400;

/** Estimated heap bytes of a cached answer; its version is shared with the registry. */
export const entryBytes = (codec: Codec, value: Value): number => OVERHEAD_BYTES + codec.bytes(value);
