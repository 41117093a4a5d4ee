// One bare process of the ceiling: a session, tensors made beforehand, and a loop.
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { answerParent } from '../base/child.js';
import { quantile } from '../base/statistics.js';
import { evenlyMixed, lengthSortedBatches, type Sequence } from '../corpus/batches.js';
import type { RunSettings } from '../corpus/version-files.js';
import { openRawSession, timeRuns, toRun, type RawRun } from './raw-session.js';

/** `batches`: length-sorted, within the budget. `single`: one text per run. */
export type RawMode = 'batches' | 'single';

export type ToRaw =
  | {
      readonly type: 'load';
      readonly version: string;
      readonly folder: string;
      readonly settings: RunSettings;
      readonly sequences: readonly Sequence[];
      /** 0 to 1: each process walks the batches in an order of its own. */
      readonly phase: number;
    }
  | {
      readonly type: 'measure';
      readonly version: string;
      readonly mode: RawMode;
      readonly durationMs: number;
    };

export interface RawMeasurement {
  readonly type: 'measured';
  readonly textsPerS: number;
  /** Milliseconds of one run. */
  readonly p50Ms: number;
}

export type FromRaw = { readonly type: 'loaded' } | RawMeasurement;

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
    evenlyMixed(batches, phase).map((batch) => toRun(batch, session.inputNames));
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

answerParent((message: ToRaw): Promise<FromRaw> =>
  message.type === 'load' ? load(message) : measure(message),
);
