import { predictMs } from './cost-model.js';
import type { CostCoefficients } from './protocol.js';

export interface PartitionLimits {
  /** Largest padded tokens (rows × longest row) of one part; a single text may exceed it. */
  readonly maxPaddedTokens: number;
  /** Largest number of texts of one part. */
  readonly maxTexts: number;
}

/**
 * Splits texts, sorted by ascending length, into consecutive parts with the least total predicted run time. Exact
 * dynamic programme: best(i) = min over j of best(j) + t(i − j, length of text i − 1). Because a part is padded to its
 * longest text, an optimal split of sorted texts never needs a part that is not consecutive.
 * @param lengths tokens per text, ascending
 * @returns the exclusive end of each part, ascending; the last one equals `lengths.length`
 */
export function partition(
  lengths: ArrayLike<number>,
  cost: CostCoefficients,
  limits: PartitionLimits,
): number[] {
  const n = lengths.length;
  const bestMs = new Float64Array(n + 1);
  const startOf = new Int32Array(n + 1);
  for (let end = 1; end <= n; end++) {
    const longest = lengths[end - 1] ?? 0;
    bestMs[end] = Infinity;
    for (let start = end - 1; start >= 0; start--) {
      const rows = end - start;
      if (rows > 1 && (rows > limits.maxTexts || rows * longest > limits.maxPaddedTokens)) break;
      const ms = (bestMs[start] ?? 0) + predictMs(cost, rows, longest);
      if (ms < (bestMs[end] ?? Infinity)) {
        bestMs[end] = ms;
        startOf[end] = start;
      }
    }
  }
  const ends: number[] = [];
  for (let end = n; end > 0; end = startOf[end] ?? 0) ends.push(end);
  return ends.reverse();
}
