import type { LoadedVersion } from './load-version.js';
import { feedsFor } from './feeds.js';
import { toMachineMs } from '../../base/machine-clock.js';
import { partition } from '../protocol/partition.js';
import type { CostEstimator } from './cost-estimator.js';
import type { BatchTimings, MessageRows, MessageWindows, PlannedRuns } from '../protocol/protocol.js';
import type { Sequences } from '../tasks/task.js';
import type { WindowRange } from '../view.js';

export interface BatchResult {
  readonly rows: MessageRows;
  readonly timings: BatchTimings;
}

/** Runs for an empty text of a tokenizer without special tokens, since no graph runs a row of no tokens. */
const NO_TOKENS: readonly number[] = [0];

/** A sequence, with its place among all rows of its message. */
interface PlacedSequence {
  readonly ids: ArrayLike<number>;
  readonly place: number;
}

/** The texts of a message. */
export interface BatchTexts {
  readonly texts: readonly string[];
  readonly ranges: readonly (WindowRange | null)[] | null;
  /** Called with the index of each text before it is tokenized, and with −1 when all are. */
  readonly atText: (text: number) => void;
}

/**
 * Tokenises the texts, splits their sequences where the predicted run time is least now that their exact lengths are
 * known, runs each part and answers the rows in the order of the texts. The time of each run goes to `costs`.
 */
export async function runBatch(
  version: LoadedVersion,
  { texts, ranges, atText }: BatchTexts,
  costs: CostEstimator,
): Promise<BatchResult> {
  const startedAt = performance.now();
  const { task, tokenizer, spec } = version;
  const ofTexts = texts.map((text, i) => {
    atText(i);
    return task.sequences(text, tokenizer, ranges?.[i] ?? null);
  });
  atText(-1);
  const sorted: PlacedSequence[] = [];
  for (const { items } of ofTexts) {
    for (const { ids } of items) {
      sorted.push({ ids: ids.length === 0 ? NO_TOKENS : ids, place: sorted.length });
    }
  }
  sorted.sort((a, b) => a.ids.length - b.ids.length);
  const { max_padded_tokens: maxPaddedTokens, runs_alone: runsAlone } = spec.batching;
  const ends = partition(
    sorted.map(({ ids }) => ids.length),
    costs.cost,
    { maxPaddedTokens, maxTexts: runsAlone ? 1 : sorted.length },
  );
  const tokenizeMs = performance.now() - startedAt;
  const { timings, ...rows } = await runParts(version, sorted, ends, costs);
  return {
    rows: {
      ...rows,
      truncated: ofTexts.map(({ truncated }) => truncated),
      empty: ofTexts.flatMap(({ empty }, i) => (empty ? [i] : [])),
      windows: ranges === null ? null : windowsOf(ofTexts),
    },
    timings: { ...timings, startedAt: toMachineMs(startedAt), tokenizeMs },
  };
}

/** Makes the runs that are asked for, no others, and answers one row per text. */
export async function runPlanned(
  version: LoadedVersion,
  { ids, textEnds, truncated, runEnds }: PlannedRuns,
  costs: CostEstimator,
): Promise<BatchResult> {
  const sequences = truncated.map((_, place) => {
    const start = place === 0 ? 0 : textEnds[place - 1];
    return { ids: ids.subarray(start, textEnds[place]), place };
  });
  const { timings, ...rows } = await runParts(version, sequences, runEnds, costs);
  return { rows: { ...rows, truncated, empty: [], windows: null }, timings };
}

function windowsOf(ofTexts: readonly Sequences[]): MessageWindows {
  let rows = 0;
  return {
    rowEnds: ofTexts.map(({ items }) => (rows += items.length)),
    spans: ofTexts.flatMap(({ items }) => items.flatMap(({ start, end }) => [start, end])),
  };
}

/** @param ends exclusive end of each run; in each the longest sequence comes last */
async function runParts(
  version: LoadedVersion,
  sequences: readonly PlacedSequence[],
  ends: readonly number[],
  costs: CostEstimator,
): Promise<Pick<MessageRows, 'values' | 'width' | 'tokens'> & Pick<BatchResult, 'timings'>> {
  const startedAt = performance.now();
  const tokens = new Array<number>(sequences.length);
  let values = new Float32Array();
  let width = 0;
  let start = 0;
  let paddedTokens = 0;
  for (const end of ends) {
    const part = sequences.slice(start, end);
    const length = part.at(-1)?.ids.length ?? 0;
    const partStartedAt = performance.now();
    const rows = await runPart(
      version,
      part.map(({ ids }) => ids),
    );
    costs.add({ rows: part.length, length, ms: performance.now() - partStartedAt });
    if (start === 0) {
      width = rows[0]?.length ?? 0;
      values = new Float32Array(sequences.length * width);
    }
    part.forEach(({ ids, place }, i) => {
      values.set(rows[i] ?? [], place * width);
      tokens[place] = ids.length;
    });
    paddedTokens += part.length * length;
    start = end;
  }
  const inferenceMs = performance.now() - startedAt;
  const timings = { startedAt: toMachineMs(startedAt), tokenizeMs: 0, inferenceMs, paddedTokens };
  return { values, width, tokens, timings };
}

/**
 * One run of the session.
 * @param sequences token ids per row, ascending by length; rows are padded on the right to the last one
 * @returns what the task takes of the output for each row
 * @throws Error with a sentence when the output is not the task's
 */
export async function runPart(
  { spec, session, task, output }: LoadedVersion,
  sequences: readonly ArrayLike<number>[],
): Promise<Float32Array[]> {
  const results = await session.run(feedsFor(session, sequences));
  const result = { name: output, data: results[output]?.data, dims: results[output]?.dims ?? [] };
  return sequences.map(({ length }, row) => task.row(result, row, sequences.length, length, spec));
}
