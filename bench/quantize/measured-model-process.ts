// One model in a process of its own, with one thread and nothing before it.
import type { InferenceSession } from 'onnxruntime-node';
import { answerParent } from '../base/child.js';
import { openRawSession, timeRuns, toRun, type RawRun } from '../ceiling/raw-session.js';
import { evenlyMixed, lengthSortedBatches, type Sequence } from '../corpus/batches.js';
import type { RunSettings } from '../corpus/version-files.js';

export type ToModel =
  | {
      readonly type: 'load';
      readonly modelFile: string;
      readonly session: RunSettings['session'];
      readonly sequences: readonly Sequence[];
    }
  | {
      readonly type: 'answer';
      /** Indices of the sequences that share a run. */
      readonly batches: readonly (readonly number[])[];
    }
  | {
      readonly type: 'measure';
      /** 0: one text per run. */
      readonly maxPaddedTokens: number;
      readonly durationMs: number;
    };

export type FromModel =
  | { readonly type: 'loaded' }
  /** Of each sequence, in their order. */
  | { readonly type: 'answered'; readonly logits: readonly (readonly number[])[] }
  | { readonly type: 'measured'; readonly textsPerS: number };

const WARM_UP_RUNS = 5;

let session: InferenceSession;
let sequences: readonly Sequence[];

/** By budget: they are made once. */
const runsByBudget = new Map<number, readonly RawRun[]>();

async function load(message: ToModel & { type: 'load' }): Promise<FromModel> {
  session = await openRawSession(message.modelFile, message.session);
  ({ sequences } = message);
  return { type: 'loaded' };
}

async function answer({ batches }: ToModel & { type: 'answer' }): Promise<FromModel> {
  const logits = new Array<readonly number[]>(sequences.length);
  for (const batch of batches) {
    const { feeds } = toRun(
      batch.map((index) => sequences[index] ?? []),
      session.inputNames,
    );
    const [output] = Object.values(await session.run(feeds));
    if (!(output?.data instanceof Float32Array)) throw new Error('the model answers no float32 logits');
    const { data } = output;
    const labels = data.length / batch.length;
    batch.forEach((index, row) => (logits[index] = [...data.subarray(row * labels, (row + 1) * labels)]));
  }
  return { type: 'answered', logits };
}

function runsOf(maxPaddedTokens: number): readonly RawRun[] {
  const known = runsByBudget.get(maxPaddedTokens);
  if (known !== undefined) return known;
  const batches = lengthSortedBatches(sequences, maxPaddedTokens);
  const runs = evenlyMixed(batches, 0).map((batch) => toRun(batch, session.inputNames));
  runsByBudget.set(maxPaddedTokens, runs);
  return runs;
}

async function measure({ maxPaddedTokens, durationMs }: ToModel & { type: 'measure' }): Promise<FromModel> {
  const timed = await timeRuns(session, runsOf(maxPaddedTokens), { warmUpRuns: WARM_UP_RUNS, durationMs });
  return { type: 'measured', textsPerS: timed.textsPerS };
}

answerParent((message: ToModel): Promise<FromModel> => {
  if (message.type === 'load') return load(message);
  return message.type === 'answer' ? answer(message) : measure(message);
});
