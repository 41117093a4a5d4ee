import type { VersionRunner } from '../measure/version-runner.js';
import { measureLength, measureTexts, quantile, SPEED_LENGTHS, type LengthSpeed } from './speed.js';
import { spread } from '../../base/statistics/spread.js';

export interface Speed {
  readonly texts_per_s: number;
  readonly by_length: readonly LengthSpeed[];
}

const ROUNDS = 3;
/** Texts that tell the throughput on the data: they take a second or two. */
const TEXTS = 1_000;

/**
 * How fast each version is. They take turns, so that what else the machine has to do in the meantime slows all of
 * them alike.
 * @param texts of the data
 */
export async function measureSpeed(
  runners: readonly VersionRunner[],
  texts: readonly string[],
  workers: number,
): Promise<Speed[]> {
  const sample = spread(texts, TEXTS);
  const encodings = runners.map((runner) => sample.map((text) => runner.encode(text)));
  const perS = runners.map((): number[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, runner] of runners.entries()) {
      perS[i]?.push(await measureTexts(runner, encodings[i] ?? []));
    }
  }
  const byLength = runners.map((): LengthSpeed[] => []);
  for (const tokens of SPEED_LENGTHS) {
    for (const [i, runner] of runners.entries()) {
      if (tokens > runner.version.manifest.max_tokens) continue;
      byLength[i]?.push(await measureLength(runner, tokens, workers));
    }
  }
  return runners.map((_, i) => ({
    texts_per_s: quantile(perS[i] ?? [], 0.5),
    by_length: byLength[i] ?? [],
  }));
}
