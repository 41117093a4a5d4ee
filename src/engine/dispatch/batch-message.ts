import { predictMs } from '../protocol/cost-model.js';
import type { BatchDone, CostCoefficients, PlannedRuns } from '../protocol/protocol.js';
import { answerOf, rowsOfText } from '../tasks/message-rows.js';
import type { Task } from '../tasks/task.js';
import type { GroupBatch } from './batch-group.js';

/**
 * Amount of work in one message. It is long compared with the overhead of a message (a third of a millisecond in both
 * processes). It is short enough that a dying worker loses little work, and that at the end no worker waits long for
 * another.
 */
const MESSAGE_MS = 50;

/** Batches that are sent to a worker together. The selection does not change the result of any of them. */
export interface TakenBatches {
  readonly batches: readonly GroupBatch[];
  /** Predicted milliseconds; 0 while no cost estimate of the version exists. */
  readonly predictedMs: number;
}

/**
 * Takes the next message from the front of the queue: as many batches as fit in MESSAGE_MS, but no more than half of an
 * even share of the remaining ones, so that all workers end at about the same time. A suspect batch is sent alone.
 * @returns undefined when the queue is empty
 */
export function takeMessage(
  queue: GroupBatch[],
  workers: number,
  cost: CostCoefficients | undefined,
): TakenBatches | undefined {
  const most = cost === undefined ? 1 : Math.ceil(queue.length / (2 * workers));
  let count = 0;
  let predictedMs = 0;
  for (const batch of queue.slice(0, most)) {
    const ms = cost ? predictMs(cost, batch.end - batch.start, batch.group.longestOf(batch)) : 0;
    if (count > 0 && (batch.isSuspect || predictedMs + ms > MESSAGE_MS)) break;
    predictedMs += ms;
    count++;
    if (batch.isSuspect) break;
  }
  return count === 0 ? undefined : { batches: queue.splice(0, count), predictedMs };
}

/** Packs the texts of these batches into the form that is sent to a worker. */
export function pack(batches: readonly GroupBatch[]): PlannedRuns {
  const encodings = batches.flatMap((batch) => batch.group.encodingsOf(batch));
  const ids = new Int32Array(encodings.reduce((sum, encoding) => sum + encoding.ids.length, 0));
  const textEnds = new Int32Array(encodings.length);
  let end = 0;
  encodings.forEach((encoding, i) => {
    ids.set(encoding.ids, end);
    textEnds[i] = end += encoding.ids.length;
  });
  let texts = 0;
  const runEnds = batches.map(({ start, end: last }) => (texts += last - start));
  return { ids, textEnds, truncated: encodings.map(({ truncated }) => truncated), runEnds };
}

/**
 * Gives each batch its part of the answer, as the version's task reads it.
 * @returns the batches to run instead, in this order
 */
export function answer(
  { batches }: Pick<TakenBatches, 'batches'>,
  done: BatchDone,
  task: Task,
): GroupBatch[] {
  if (!done.ok) {
    return isAlone(batches) ? batches.flatMap((batch) => batch.group.failed(batch, done)) : suspects(batches);
  }
  let text = 0;
  for (const batch of batches) {
    const { start, end } = batch;
    const answers = Array.from({ length: end - start }, (_, i) => {
      const rows = rowsOfText(done.rows, text + i);
      return rows && answerOf(task, rows);
    });
    batch.group.answered(batch, answers);
    text += end - start;
  }
  return [];
}

/** The worker died while it ran the message. @returns the batches to run again, in this order */
export function lose({ batches }: Pick<TakenBatches, 'batches'>): GroupBatch[] {
  return isAlone(batches) ? batches.flatMap((batch) => batch.group.lost(batch)) : suspects(batches);
}

const isAlone = (batches: readonly GroupBatch[]): boolean => batches.length === 1;

function suspects(batches: readonly GroupBatch[]): GroupBatch[] {
  for (const batch of batches) batch.isSuspect = true;
  return [...batches];
}
