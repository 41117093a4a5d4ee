import { cutBatches } from '../../engine/dispatch/batch-plan.js';
import type { VersionRunner } from '../measure/version-runner.js';

/** Padded tokens of a run that are tried, ascending. */
const BUDGETS = [128, 256, 512, 1024];

/** Runs of each; the fastest counts, since noise only ever slows a run down. */
const REPETITIONS = 2;

/** A larger budget must gain more than this: it makes a single text wait longer behind a batch. */
const WORTHWHILE_GAIN = 1.03;

/** No further budget is tried after this: `serin tune` has the time. */
const TIME_LIMIT_MS = 20_000;

/**
 * The token budget with which the texts are answered fastest, roughly.
 * @returns rows × longest row of a run, at most
 */
export async function measureTokenBudget(
  runner: Pick<VersionRunner, 'encode' | 'runBatches'>,
  texts: readonly string[],
): Promise<number> {
  const encodings = texts.map((text) => runner.encode(text)).sort((a, b) => a.ids.length - b.ids.length);
  const lengths = encodings.map(({ ids }) => ids.length);
  const startedAt = performance.now();
  let [best, bestMs] = [BUDGETS[0] ?? 0, Infinity];
  for (const maxPaddedTokens of BUDGETS) {
    const ends = cutBatches(lengths, { maxPaddedTokens, runsAlone: false });
    let ms = Infinity;
    for (let run = 0; run < REPETITIONS; run++) {
      const runStartedAt = performance.now();
      await runner.runBatches(encodings, ends);
      ms = Math.min(ms, performance.now() - runStartedAt);
    }
    if (ms * WORTHWHILE_GAIN < bestMs) [best, bestMs] = [maxPaddedTokens, ms];
    if (performance.now() - startedAt > TIME_LIMIT_MS) break;
  }
  return best;
}
