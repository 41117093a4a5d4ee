import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Sequence } from '../corpus/batches.js';
import type { RunSettings } from '../corpus/version-files.js';

/** One run of the model, its tensors made beforehand. */
export interface RawRun {
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly rows: number;
}

/** A session with one thread and the options of a manifest. */
export function openRawSession(
  modelFile: string,
  { graph_optimization_level: level, disabled_optimizers: disabled }: RunSettings['session'],
): Promise<InferenceSession> {
  return InferenceSession.create(modelFile, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: level,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    ...(disabled.length > 0 && {
      extra: { optimization: { disable_specified_optimizers: disabled.join(';') } },
    }),
  });
}

/** Pads a batch to its longest text. */
export function toRun(batch: readonly Sequence[], inputNames: readonly string[]): RawRun {
  const length = Math.max(...batch.map((sequence) => sequence.length));
  const ids = new BigInt64Array(batch.length * length);
  const mask = new BigInt64Array(batch.length * length);
  batch.forEach((sequence, row) => {
    sequence.forEach((id, i) => {
      ids[row * length + i] = BigInt(id);
      mask[row * length + i] = 1n;
    });
  });
  const values = { input_ids: ids, attention_mask: mask, token_type_ids: new BigInt64Array(ids.length) };
  const tensors = Object.entries(values)
    .filter(([name]) => inputNames.includes(name))
    .map(([name, data]) => [name, new Tensor('int64', data, [batch.length, length])] as const);
  return { feeds: Object.fromEntries(tensors), rows: batch.length };
}

export interface TimedRuns {
  readonly textsPerS: number;
  /** Milliseconds of each run. */
  readonly times: readonly number[];
}

/** Repeats the runs, in order and from the first again, until the time is over. */
export async function timeRuns(
  session: InferenceSession,
  runs: readonly RawRun[],
  { warmUpRuns, durationMs }: { readonly warmUpRuns: number; readonly durationMs: number },
): Promise<TimedRuns> {
  for (const { feeds } of runs.slice(0, warmUpRuns)) await session.run(feeds);
  const times: number[] = [];
  let texts = 0;
  const startedAt = performance.now();
  let now = startedAt;
  for (let i = 0; now - startedAt < durationMs; i = (i + 1) % runs.length) {
    const run = runs[i];
    if (run === undefined) break;
    await session.run(run.feeds);
    const end = performance.now();
    times.push(end - now);
    texts += run.rows;
    now = end;
  }
  return { textsPerS: (texts / (now - startedAt)) * 1000, times };
}
