import { StartError } from '../../base/errors/start-error.js';
import { scoreChange } from '../measure/batch-variance.js';
import { runGroups } from '../measure/run-groups.js';
import { cutBatches } from '../../engine/dispatch/batch-plan.js';
import type { VersionRunner } from '../measure/version-runner.js';
import type { Answer } from '../../engine/tasks/task.js';
import { isSameSaid } from '../../engine/tasks/table.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';

/** Texts per group; progress is reported between two groups. */
const STEP = 128;

/**
 * A version's answer for each text, run alone.
 * @throws StartError when it cannot answer one
 */
export async function answersAlone(
  runner: VersionRunner,
  encodings: readonly Encoding[],
  onProgress: (done: number) => void,
): Promise<Answer[]> {
  const rows: Answer[] = [];
  for (let start = 0; start < encodings.length; start += STEP) {
    onProgress(start);
    const part = encodings.slice(start, start + STEP);
    const groups = part.map((_, i) => [i]);
    for (const [row] of await runGroups(runner, part, groups)) {
      if (row === undefined || row === null) {
        const { model, version } = runner.version;
        throw new StartError(`${model}/${version} cannot answer a text: its worker process failed.`);
      }
      rows.push(row);
    }
  }
  return rows;
}

/** How far two versions say the same about the same texts. */
export interface Agreement {
  readonly texts: number;
  /** Texts that get the same labels. */
  readonly labels_equal: number;
  /** Largest |Δ| of any label's score. */
  readonly max_score_change: number;
}

/** @param version one of the two, which have the same labels and thresholds */
export function compareRows(
  version: ModelVersion,
  ours: readonly Answer[],
  theirs: readonly Answer[],
): Agreement {
  let [equal, change] = [0, 0];
  ours.forEach(({ value }, i) => {
    const other = theirs[i]?.value ?? { scores: [] };
    if (isSameSaid(version, value, other)) equal++;
    change = Math.max(change, scoreChange(value.scores, other.scores));
  });
  return { texts: ours.length, labels_equal: equal, max_score_change: change };
}

/** Largest padded tokens of a batch that are tried. */
export const BUDGETS = [128, 192, 256, 384, 512, 768, 1024] as const;
const ROUNDS = 3;
/** A smaller budget wins where it is as good: it delays the first answer less. */
const AS_GOOD = 0.99;

export interface BudgetFigures {
  readonly max_padded_tokens: number;
  /** Texts per second of one worker by budget, the best of {@link ROUNDS} rounds. */
  readonly texts_per_s: Readonly<Record<string, number>>;
}

/**
 * Runs the texts in batches of each budget; the budgets take turns, so that other load slows all of them
 * equally.
 */
export async function measureBudgets(
  runner: VersionRunner,
  encodings: readonly Encoding[],
): Promise<BudgetFigures> {
  const sorted = [...encodings].sort((a, b) => a.ids.length - b.ids.length);
  const lengths = sorted.map(({ ids }) => ids.length);
  const best = new Map<number, number>(BUDGETS.map((budget) => [budget, 0]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const budget of BUDGETS) {
      const ends = cutBatches(lengths, { maxPaddedTokens: budget, runsAlone: false });
      const startedAt = performance.now();
      await runner.runBatches(sorted, ends);
      const perS = (sorted.length / (performance.now() - startedAt)) * 1_000;
      best.set(budget, Math.max(best.get(budget) ?? 0, perS));
    }
  }
  const top = Math.max(...best.values());
  return {
    max_padded_tokens: BUDGETS.find((budget) => (best.get(budget) ?? 0) >= AS_GOOD * top) ?? BUDGETS[0],
    texts_per_s: Object.fromEntries([...best].map(([budget, perS]) => [budget, Math.round(perS)])),
  };
}
