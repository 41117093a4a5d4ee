import type { VersionRunner } from '../measure/version-runner.js';
import { percentileOf } from '../../base/statistics/quantiles.js';
import { evenSample } from '../../base/statistics/even-sample.js';
import { cutBatches } from '../../engine/dispatch/batch-plan.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';

export interface Speed {
  readonly texts_per_s: number;
  readonly by_length: readonly LengthSpeed[];
}

const ROUNDS = 3;
/** Number of texts for the throughput on the data; they take a second or two. */
const TEXTS = 1_000;

/**
 * Measures the speed of each version. The versions take turns, so that other load on the machine slows all of
 * them alike.
 * @param texts of the data
 */
export async function measureSpeed(
  runners: readonly VersionRunner[],
  texts: readonly string[],
  workers: number,
): Promise<Speed[]> {
  const sample = evenSample(texts, TEXTS);
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
    texts_per_s: percentileOf(perS[i] ?? [], 0.5),
    by_length: byLength[i] ?? [],
  }));
}

/** How fast a version is with texts of one length. */
export interface LengthSpeed {
  /** Tokens of each text, special ones included. */
  readonly tokens: number;
  /** One text on its own, from sending it to a worker to having its answer. */
  readonly alone_p50_ms: number;
  readonly alone_p95_ms: number;
  /** Of all workers together, by the number of texts in a batch. */
  readonly texts_per_s_by_rows: Readonly<Record<string, number>>;
  /** The number of texts in a batch that answers most of them. */
  readonly best_rows: number;
  readonly best_texts_per_s: number;
}

export const SPEED_LENGTHS: readonly number[] = [8, 16, 32, 64, 128];

const ROWS = [1, 2, 4, 8, 16, 32];
/** Larger batches are not tried once two in a row have fallen this far behind the best: one may be bad luck. */
const FALLEN_BEHIND = 0.9;
const PATIENCE = 2;
const THROUGHPUT_MS = 200;
const LATENCY_MS = 150;
const LATENCY_RUNS = { least: 5, most: 40 };

/**
 * Measures a length: first single texts, one after the other, then batches of growing size on all workers.
 * @param workers processes of the runner
 */
async function measureLength(runner: VersionRunner, tokens: number, workers: number): Promise<LengthSpeed> {
  const text = fillerOf(tokens);
  const alone = await measureAlone(runner, text);
  const byRows: Record<string, number> = {};
  let best = { rows: 1, perS: 0 };
  let behind = 0;
  const { runs_alone: runsAlone } = runner.version.manifest.batching;
  for (const rows of runsAlone ? [1] : ROWS) {
    const perS = await measureRows(runner, text, rows, workers);
    byRows[rows] = perS;
    if (perS > best.perS) best = { rows, perS };
    behind = perS < FALLEN_BEHIND * best.perS ? behind + 1 : 0;
    if (behind === PATIENCE) break;
  }
  return {
    tokens,
    alone_p50_ms: percentileOf(alone, 0.5),
    alone_p95_ms: percentileOf(alone, 0.95),
    texts_per_s_by_rows: byRows,
    best_rows: best.rows,
    best_texts_per_s: best.perS,
  };
}

/** Texts per second of all workers together over real texts, in the batches that `serin batch` forms of them. */
async function measureTexts(runner: VersionRunner, encodings: readonly Encoding[]): Promise<number> {
  const sorted = [...encodings].sort((a, b) => a.ids.length - b.ids.length);
  const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = runner.version.manifest.batching;
  const lengths = sorted.map(({ ids }) => ids.length);
  const ms = await timeOf(() =>
    runner.runBatches(sorted, cutBatches(lengths, { maxPaddedTokens, runsAlone })),
  );
  return (sorted.length / ms) * 1_000;
}

async function measureAlone(runner: VersionRunner, text: Encoding): Promise<number[]> {
  const times: number[] = [];
  let total = 0;
  while (times.length < LATENCY_RUNS.least || (total < LATENCY_MS && times.length < LATENCY_RUNS.most)) {
    const ms = await timeOf(() => runner.runBatches([text], [1]));
    times.push(ms);
    total += ms;
  }
  return times;
}

/** One batch per worker says how many fill the time. */
async function measureRows(
  runner: VersionRunner,
  text: Encoding,
  rows: number,
  workers: number,
): Promise<number> {
  const run = (batches: number): Promise<number> => {
    const texts = new Array<Encoding>(batches * rows).fill(text);
    const ends = Array.from({ length: batches }, (_, i) => (i + 1) * rows);
    return timeOf(() => runner.runBatches(texts, ends));
  };
  const batches = workers * Math.max(1, Math.round(THROUGHPUT_MS / (await run(workers))));
  return ((batches * rows) / (await run(batches))) * 1_000;
}

async function timeOf(run: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await run();
  return performance.now() - startedAt;
}

/** An id that is in every vocabulary; the meaning of a token does not change the cost of a run. */
const fillerOf = (tokens: number): Encoding => ({
  ids: new Array<number>(tokens).fill(1),
  truncated: false,
});
