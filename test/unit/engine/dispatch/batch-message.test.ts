import { describe, expect, it } from 'vitest';
import { BatchGroup, type GroupBatch } from '../../../../src/engine/dispatch/batch-group.js';
import { answer, lose, pack, takeMessage } from '../../../../src/engine/dispatch/batch-message.js';
import type { BatchDone } from '../../../../src/engine/protocol/protocol.js';
import { taskNamed } from '../../../../src/engine/tasks/table.js';
import { messageRows, type RowSaid } from '../../../support/message-rows.js';

/** One padded token takes a millisecond: a batch of `rows` texts of 10 tokens takes 10 · rows. */
const COST = { fixedMs: 0, perTokenMs: 1, perTokenSquaredMs: 0 };

/** A block of batches with so many texts each, every text of 10 tokens that tell which it is. */
function blockOf(...rows: number[]): { group: BatchGroup; batches: GroupBatch[] } {
  let texts = 0;
  const ends = rows.map((count) => (texts += count));
  const encodings = Array.from({ length: texts }, (_, i) => ({
    ids: new Array<number>(10).fill(i),
    truncated: i % 2 === 1,
  }));
  const group = new BatchGroup({ encodings, ends, indices: [] });
  return { group, batches: group.batches() };
}

const TASK = taskNamed('text-classification');

/** Rows that are told apart by tokens and score. */
const rowOf = (n: number): RowSaid => ({ scores: [n / 8, 1 - n / 8], tokens: n, truncated: n % 2 === 1 });
const answerOf = (n: number): object => {
  const { scores, ...rest } = rowOf(n);
  return { value: { scores: scores.map((score) => expect.closeTo(score, 6) as number) }, ...rest };
};
const done = (rows: readonly RowSaid[]): BatchDone => ({
  type: 'done',
  batchId: 1,
  ok: true,
  rows: messageRows(rows),
  timings: { startedAt: 0, tokenizeMs: 0, inferenceMs: 0, paddedTokens: 0 },
  cost: COST,
  rssBytes: 0,
});
const failed: BatchDone = {
  type: 'done',
  batchId: 1,
  ok: false,
  code: 'INFERENCE_FAILED',
  message: 'no',
  rssBytes: 0,
};

/** Takes messages until the queue is empty: how many batches each had. */
function sizes(queue: GroupBatch[], workers: number): number[] {
  const found: number[] = [];
  for (;;) {
    const message = takeMessage(queue, workers, COST);
    if (message === undefined) return found;
    found.push(message.batches.length);
  }
}

describe('takeMessage', () => {
  it('takes batches from the front until they are 50 ms of work', () => {
    const { batches } = blockOf(...new Array<number>(40).fill(2));
    const queue = [...batches];
    expect(takeMessage(queue, 1, COST)).toEqual({ batches: batches.slice(0, 2), predictedMs: 40 });
    expect(queue).toEqual(batches.slice(2));
  });

  it('takes one that is more work than that', () => {
    expect(sizes(blockOf(...new Array<number>(4).fill(9)).batches, 1)).toEqual([1, 1, 1, 1]);
  });

  it('leaves the other workers their share at the end', () => {
    expect(sizes(blockOf(...new Array<number>(12).fill(1)).batches, 2)).toEqual([3, 3, 2, 1, 1, 1, 1]);
  });

  it('takes one when nothing is known of what a run takes', () => {
    const { batches } = blockOf(...new Array<number>(40).fill(1));
    expect(takeMessage(batches, 1, undefined)).toMatchObject({ batches: [{ start: 0 }], predictedMs: 0 });
  });

  it('sends a suspect alone', () => {
    const { batches } = blockOf(...new Array<number>(9).fill(1));
    for (const i of [1, 2]) Object.assign(batches[i] ?? {}, { isSuspect: true });
    expect(sizes(batches, 1)).toEqual([1, 1, 1, 3, 2, 1]);
  });

  it('has nothing to take from an empty queue', () => {
    expect(takeMessage([], 2, COST)).toBeUndefined();
  });
});

describe('pack', () => {
  it('puts the texts of all batches one behind the other, and keeps the runs apart', () => {
    const { batches } = blockOf(1, 2, 1);
    const { ids, ...rest } = pack(batches.slice(1));
    expect([...ids]).toEqual([1, 2, 3].flatMap((text) => new Array<number>(10).fill(text)));
    expect(rest).toEqual({
      textEnds: Int32Array.of(10, 20, 30),
      truncated: [true, false, true],
      runEnds: [2, 3],
    });
  });
});

describe('what becomes of a message', () => {
  it('each batch gets its own rows, also those of different blocks', async () => {
    const [one, two] = [blockOf(1, 2), blockOf(1)];
    const message = { batches: [...one.batches, ...two.batches] };
    expect(answer(message, done([1, 2, 3, 4].map(rowOf)), TASK)).toEqual([]);
    expect(await one.group.done).toEqual([1, 2, 3].map(answerOf));
    expect(await two.group.done).toEqual([answerOf(4)]);
  });

  it('a row that is missing is told, and the others stay', async () => {
    const { group, batches } = blockOf(1, 1);
    answer({ batches }, done([rowOf(1)]), TASK);
    expect(await group.done).toEqual([answerOf(1), expect.objectContaining({ code: 'INTERNAL' })]);
  });

  it.each([
    ['failed', (batches: GroupBatch[]) => answer({ batches }, failed, TASK)],
    ['killed its worker', (batches: GroupBatch[]) => lose({ batches })],
  ])('several batches that %s run again as they were planned, each alone, and none is blamed', (_, end) => {
    const { batches } = blockOf(1, 2);
    const again = end(batches);
    expect(again).toEqual(batches);
    expect(again.map(({ isSuspect, deaths }) => ({ isSuspect, deaths }))).toEqual([
      { isSuspect: true, deaths: 0 },
      { isSuspect: true, deaths: 0 },
    ]);
    expect(sizes(again, 1)).toEqual([1, 1]);
  });

  it('one batch that failed alone is divided, one that was lost alone counts it', () => {
    const { batches } = blockOf(2);
    expect(lose({ batches })).toEqual(batches);
    expect(batches[0]?.deaths).toBe(1);
    const texts = answer({ batches }, failed, TASK);
    expect(texts.map(({ start, end }) => [start, end])).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });
});
