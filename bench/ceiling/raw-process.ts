// One bare process of the ceiling: a session, tensors made beforehand, and a loop.
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { lengthSortedBatches, type Sequence } from '../corpus/batches.js';
import { spread } from '../corpus/spread.js';
import { quantile } from '../base/statistics.js';
import type { FromRaw, RawMeasurement, RawMode, ToRaw } from './raw-protocol.js';
import { openRawSession, timeRuns, toRun, type RawRun } from './raw-session.js';

interface Loaded {
  readonly session: InferenceSession;
  readonly runs: Readonly<Record<RawMode, readonly RawRun[]>>;
}

/** Runs before the clock starts: the arena and the caches are warm by then. */
const WARM_UP_RUNS = 20;

const versions = new Map<string, Loaded>();

async function load({
  version,
  folder,
  settings,
  sequences,
  phase,
}: ToRaw & { type: 'load' }): Promise<FromRaw> {
  const session = await openRawSession(join(folder, 'model.onnx'), settings.session);
  const runsOf = (batches: readonly Sequence[][]): RawRun[] =>
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
  const { session, runs } = loaded;
  const { textsPerS, times } = await timeRuns(session, runs[mode], { warmUpRuns: WARM_UP_RUNS, durationMs });
  return { type: 'measured', textsPerS, p50Ms: quantile(times, 0.5) };
}

process.on('message', (message: ToRaw) => {
  void (message.type === 'load' ? load(message) : measure(message)).then((answer) => process.send?.(answer));
});

// Whoever started it has gone.
process.once('disconnect', () => process.exit());
