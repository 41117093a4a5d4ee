// One bare process of the ceiling: a session, tensors made beforehand, and a loop.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { lengthSortedBatches, type Sequence } from '../corpus/padded-batches.js';
import { spread } from '../corpus/spread.js';
import { quantile } from '../stats.js';
import type { FromRaw, RawMeasurement, RawMode, ToRaw } from './raw-protocol.js';

type Feeds = Record<string, Tensor>;

interface Run {
  readonly feeds: Feeds;
  readonly rows: number;
}

interface Loaded {
  readonly session: InferenceSession;
  readonly runs: Readonly<Record<RawMode, readonly Run[]>>;
}

/** Runs before the clock starts: the arena and the caches are warm by then. */
const WARM_UP_RUNS = 20;

const versions = new Map<string, Loaded>();

function toRun(batch: readonly Sequence[], inputNames: readonly string[]): Run {
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

async function load({
  version,
  folder,
  settings,
  sequences,
  phase,
}: ToRaw & { type: 'load' }): Promise<FromRaw> {
  const { graph_optimization_level: level, disabled_optimizers: disabled } = settings.session;
  const session = await InferenceSession.create(join(folder, 'model.onnx'), {
    executionProviders: ['cpu'],
    graphOptimizationLevel: level,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    ...(disabled.length > 0 && {
      extra: { optimization: { disable_specified_optimizers: disabled.join(';') } },
    }),
  });
  const runsOf = (batches: readonly Sequence[][]): Run[] =>
    spread(batches, phase).map((batch) => toRun(batch, session.inputNames));
  versions.set(version, {
    session,
    runs: {
      batches: runsOf(lengthSortedBatches(sequences, settings.batching.max_padded_tokens)),
      single: runsOf([...sequences].sort((a, b) => a.length - b.length).map((sequence) => [sequence])),
    },
  });
  return { type: 'loaded' };
}

async function measure({ version, mode, durationMs }: ToRaw & { type: 'measure' }): Promise<RawMeasurement> {
  const loaded = versions.get(version);
  if (loaded === undefined) throw new Error(`${version} is not loaded`);
  const { session } = loaded;
  const runs = loaded.runs[mode];
  for (const { feeds } of runs.slice(0, WARM_UP_RUNS)) await session.run(feeds);
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
  return {
    type: 'measured',
    textsPerS: (texts / (now - startedAt)) * 1000,
    p50Ms: quantile(times, 0.5),
  };
}

process.on('message', (message: ToRaw) => {
  void (message.type === 'load' ? load(message) : measure(message)).then((answer) => process.send?.(answer));
});

// Whoever started it has gone.
process.once('disconnect', () => process.exit());
