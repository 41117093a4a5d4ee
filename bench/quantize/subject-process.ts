// One model in a process of its own, with one thread and nothing before it.
import type { InferenceSession } from 'onnxruntime-node';
import { openRawSession, timeRuns, toRun, type RawRun } from '../ceiling/raw-session.js';
import { lengthSortedBatches, type Sequence } from '../corpus/batches.js';
import { spread } from '../corpus/spread.js';
import type { FromSubject, ToSubject } from './subject-protocol.js';

const WARM_UP_RUNS = 5;

let session: InferenceSession;
let sequences: readonly Sequence[];

/** By budget: they are made once. */
const runsByBudget = new Map<number, readonly RawRun[]>();

async function load(message: ToSubject & { type: 'load' }): Promise<FromSubject> {
  session = await openRawSession(message.modelFile, message.session);
  ({ sequences } = message);
  return { type: 'loaded' };
}

async function answer({ batches }: ToSubject & { type: 'answer' }): Promise<FromSubject> {
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
  const runs = spread(batches, 0).map((batch) => toRun(batch, session.inputNames));
  runsByBudget.set(maxPaddedTokens, runs);
  return runs;
}

async function measure({
  maxPaddedTokens,
  durationMs,
}: ToSubject & { type: 'measure' }): Promise<FromSubject> {
  const timed = await timeRuns(session, runsOf(maxPaddedTokens), { warmUpRuns: WARM_UP_RUNS, durationMs });
  return { type: 'measured', textsPerS: timed.textsPerS };
}

function handle(message: ToSubject): Promise<FromSubject> {
  if (message.type === 'load') return load(message);
  return message.type === 'answer' ? answer(message) : measure(message);
}

process.on('message', (message: ToSubject) => {
  void handle(message).then((result) => process.send?.(result));
});

// Whoever started it has gone.
process.once('disconnect', () => process.exit());
