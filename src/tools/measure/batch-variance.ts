import { isSameSaid } from '../../engine/tasks/table.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { seededRandom, shuffled } from '../../base/seeded-random.js';
import type { Answer } from '../../engine/tasks/task.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';
import { runGroups, type GroupRunner } from './run-groups.js';
import { evenSample } from '../../base/statistics/even-sample.js';

/** How answers in one arrangement of batches differ from those of the same texts alone. */
export interface Variation {
  readonly texts: number;
  /** Texts that get other labels. */
  readonly label_flips: number;
  /** Largest |Δ| of any label's score. */
  readonly max_score_change: number;
}

export interface BatchVarianceFigures {
  /** In batches of {@link MIXED_ROWS} with mates drawn at random. */
  readonly mixed: Variation;
  /** In batches of {@link PADDED_ROWS}, each with the longest text of the sample: most of a row is padding. */
  readonly padded: Variation;
  /** Of both arrangements. */
  readonly label_flips: number;
  readonly max_score_change: number;
}

/** Size of the sample: if one label in three hundred flips, 95 of 100 such samples show it. */
const MIXED_TEXTS = 1_000;
const MIXED_ROWS = 16;
/** Padding every text to the longest costs several times a mixed batch. */
const PADDED_TEXTS = 250;
const PADDED_ROWS = 8;
const SEED = 20;

/**
 * Whether a version's answer depends on the texts beside it: the same texts alone, in mixed batches, and padded.
 * @param texts distinct ones; an even selection of them is taken
 */
export async function measureBatchVariance(
  runner: GroupRunner & { readonly version: ModelVersion; readonly encode: (text: string) => Encoding },
  texts: readonly string[],
): Promise<BatchVarianceFigures> {
  const encodings = evenSample(texts, MIXED_TEXTS).map((text) => runner.encode(text));
  const all = [...encodings.keys()];
  const alone = (
    await runGroups(
      runner,
      encodings,
      all.map((index) => [index]),
    )
  ).map(([row]) => row ?? null);
  const mixedGroups = chunks(shuffled(all, seededRandom(SEED)), MIXED_ROWS);
  const mixed = compare(runner.version, alone, mixedGroups, await runGroups(runner, encodings, mixedGroups));
  const longest = encodings.reduce(
    (most, { ids }, i) => (ids.length > (encodings[most]?.ids.length ?? 0) ? i : most),
    0,
  );
  const paddedGroups = chunks(evenSample(all, PADDED_TEXTS), PADDED_ROWS - 1).map((group) => [
    ...group,
    longest,
  ]);
  const paddedRows = await runGroups(runner, encodings, paddedGroups);
  // The longest text itself is not padded.
  const padded = compare(
    runner.version,
    alone,
    paddedGroups.map((group) => group.slice(0, -1)),
    paddedRows,
  );
  return {
    mixed,
    padded,
    label_flips: mixed.label_flips + padded.label_flips,
    max_score_change: Math.max(mixed.max_score_change, padded.max_score_change),
  };
}

/** Largest |Δ| of any label's score. */
export const scoreChange = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, score, k) => Math.max(most, Math.abs(score - (b[k] ?? 0))), 0);

function compare(
  version: ModelVersion,
  alone: readonly (Answer | null)[],
  groups: readonly (readonly number[])[],
  rows: readonly (readonly (Answer | null)[])[],
): Variation {
  let [texts, flips, change] = [0, 0, 0];
  groups.forEach((group, g) => {
    group.forEach((index, i) => {
      const [before, after] = [alone[index] ?? null, rows[g]?.[i] ?? null];
      if (before === null || after === null) return;
      texts++;
      if (!isSameSaid(version, before.value, after.value)) flips++;
      change = Math.max(change, scoreChange(before.value.scores, after.value.scores));
    });
  });
  return { texts, label_flips: flips, max_score_change: change };
}

function chunks(items: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
}
