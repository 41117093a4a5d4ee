/** Token ids of one text. */
export type Sequence = readonly number[];

/**
 * The best order that an offline job could choose: all texts sorted by length, cut wherever one more row would
 * take rows × longest row over the budget.
 */
export function lengthSortedBatches(sequences: readonly Sequence[], maxPaddedTokens: number): Sequence[][] {
  const batches: Sequence[][] = [];
  let batch: Sequence[] = [];
  for (const sequence of [...sequences].sort((a, b) => a.length - b.length)) {
    if (batch.length > 0 && (batch.length + 1) * sequence.length > maxPaddedTokens) {
      batches.push(batch);
      batch = [];
    }
    batch.push(sequence);
  }
  batches.push(batch);
  return batches;
}
