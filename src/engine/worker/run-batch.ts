import { feedsFor } from './feeds.js';
import { logitsPerRow, type LoadedVersion } from './load-version.js';
import { toMachineMs } from '../../base/machine-clock.js';
import { partition } from '../protocol/partition.js';
import { POST_PROCESS } from '../tasks/post-process.js';
import type { CostEstimator } from './cost-estimator.js';
import type { BatchTimings, PlannedRuns, Row } from '../protocol/protocol.js';

export interface BatchResult {
  readonly rows: Row[];
  readonly timings: BatchTimings;
}

interface Sequence {
  readonly ids: ArrayLike<number>;
  readonly truncated: boolean;
}

/**
 * Tokenises the texts, splits them where the predicted run time is least now that their exact lengths are known, runs
 * each part and answers one row per text, in the order of the texts. The time of each run goes to `costs`.
 */
export async function runBatch(
  version: LoadedVersion,
  texts: readonly string[],
  costs: CostEstimator,
): Promise<BatchResult> {
  const startedAt = performance.now();
  const encoded = texts.map((text, index) => ({ index, ...version.tokenizer.encode(text) }));
  encoded.sort((a, b) => a.ids.length - b.ids.length);
  const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = version.spec.batching;
  const ends = partition(
    encoded.map(({ ids }) => ids.length),
    costs.cost,
    { maxPaddedTokens, maxTexts: runsAlone ? 1 : texts.length },
  );
  const tokenizeMs = performance.now() - startedAt;
  const sorted = await runParts(version, encoded, ends, costs);
  const rows = new Array<Row>(texts.length);
  encoded.forEach(({ index }, i) => {
    const row = sorted.rows[i];
    if (row !== undefined) rows[index] = row;
  });
  return { rows, timings: { ...sorted.timings, startedAt: toMachineMs(startedAt), tokenizeMs } };
}

/** Makes the runs that are asked for, no others, and answers one row per text. */
export async function runPlanned(
  version: LoadedVersion,
  { ids, textEnds, truncated, runEnds }: PlannedRuns,
  costs: CostEstimator,
): Promise<BatchResult> {
  const sequences = truncated.map((isTruncated, i) => {
    const start = i === 0 ? 0 : textEnds[i - 1];
    return { ids: ids.subarray(start, textEnds[i]), truncated: isTruncated };
  });
  return runParts(version, sequences, runEnds, costs);
}

/** @param ends exclusive end of each run; in each the longest sequence comes last */
async function runParts(
  version: LoadedVersion,
  sequences: readonly Sequence[],
  ends: readonly number[],
  costs: CostEstimator,
): Promise<BatchResult> {
  const startedAt = performance.now();
  const rows: Row[] = [];
  let start = 0;
  let paddedTokens = 0;
  for (const end of ends) {
    const part = sequences.slice(start, end);
    const length = part.at(-1)?.ids.length ?? 0;
    const partStartedAt = performance.now();
    const scores = await runPart(
      version,
      part.map(({ ids }) => ids),
    );
    costs.add({ rows: part.length, length, ms: performance.now() - partStartedAt });
    part.forEach(({ ids, truncated }, i) => {
      rows.push({ scores: scores[i] ?? [], tokens: ids.length, truncated });
    });
    paddedTokens += part.length * length;
    start = end;
  }
  return {
    rows,
    timings: {
      startedAt: toMachineMs(startedAt),
      tokenizeMs: 0,
      inferenceMs: performance.now() - startedAt,
      paddedTokens,
    },
  };
}

/**
 * One run of the session.
 * @param sequences token ids per row, ascending by length; rows are padded on the right to the last one
 * @returns one array of scores per row
 */
export async function runPart(
  { spec, session, output }: LoadedVersion,
  sequences: readonly ArrayLike<number>[],
): Promise<number[][]> {
  const rows = sequences.length;
  const results = await session.run(feedsFor(session, sequences));
  const logits = results[output]?.data;
  const width = logitsPerRow(spec);
  if (!(logits instanceof Float32Array) || logits.length !== rows * width) {
    throw new Error(
      `the output ${output} is not float32 [${rows}, ${width}], as the task ${spec.task} with ${spec.labels.length} labels needs`,
    );
  }
  const scores = sequences.map((_, row) =>
    POST_PROCESS[spec.task].scores(logits.subarray(row * width, (row + 1) * width), spec.labels.length),
  );
  if (scores.some((row) => row.some((score) => !Number.isFinite(score)))) {
    throw new Error('the model answered a score that is not a number');
  }
  return scores;
}
