import type { Answer } from '../../engine/tasks/task.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';
import type { VersionRunner } from './version-runner.js';

/** The operations of a version's worker processes that evaluation needs. */
export type GroupRunner = Pick<VersionRunner, 'runBatches'>;

/**
 * Runs texts in the very batches that are wanted, whatever the manifest says.
 * @param groups indices in `encodings` that share a batch, in any order
 * @returns for each group the answers of its texts, in the order of its indices; null for one that has none
 */
export async function runGroups(
  runner: GroupRunner,
  encodings: readonly Encoding[],
  groups: readonly (readonly number[])[],
): Promise<(Answer | null)[][]> {
  const lengthOf = (index: number): number => encodings[index]?.ids.length ?? 0;
  const orders = groups.map((group) =>
    [...group.keys()].sort((a, b) => lengthOf(group[a] ?? 0) - lengthOf(group[b] ?? 0)),
  );
  const planned = groups.flatMap((group, g) =>
    (orders[g] ?? []).map((place) => encodings[group[place] ?? -1] ?? { ids: [], truncated: false }),
  );
  let end = 0;
  const ends = groups.map((group) => (end += group.length));
  const outcomes = await runner.runBatches(planned, ends);
  return orders.map((order, g) => {
    const rows = new Array<Answer | null>(order.length).fill(null);
    const start = g === 0 ? 0 : (ends[g - 1] ?? 0);
    order.forEach((place, i) => {
      const outcome = outcomes[start + i];
      rows[place] = outcome === undefined || 'code' in outcome ? null : outcome;
    });
    return rows;
  });
}
