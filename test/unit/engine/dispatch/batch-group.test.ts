import { describe, expect, it } from 'vitest';
import { BatchGroup, type GroupBatch, type LineError } from '../../../../src/engine/dispatch/batch-group.js';
import type { Answer } from '../../../../src/engine/tasks/task.js';

const answerOf = (tokens: number): Answer => ({ value: { scores: [tokens] }, tokens, truncated: false });
const FAILURE: LineError = { code: 'INFERENCE_FAILED', message: 'no' };
const encodings = [1, 2, 3].map((tokens) => ({ ids: new Array<number>(tokens).fill(7), truncated: false }));

const group = () => new BatchGroup({ encodings, ends: [2, 3], indices: [0, 1, 2] });
const spans = (batches: readonly GroupBatch[]) => batches.map(({ start, end }) => [start, end]);

function only(batches: readonly GroupBatch[]): GroupBatch {
  const [batch] = batches;
  if (batch === undefined || batches.length !== 1) throw new Error(`${String(batches.length)} batches`);
  return batch;
}

describe('BatchGroup', () => {
  it('gathers the answers of its batches, whatever their order', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    expect(all.encodingsOf(first)).toEqual(encodings.slice(0, 2));
    expect(all.longestOf(second)).toBe(3);
    all.answered(second, [answerOf(3)]);
    all.answered(first, [answerOf(1), answerOf(2)]);
    expect(await all.done).toEqual([answerOf(1), answerOf(2), answerOf(3)]);
  });

  it('runs a batch that was lost as it is, and its texts alone only after the third death', () => {
    const [first] = group().batches();
    if (!first) throw new Error('no batch');
    expect(first.group.lost(first)).toEqual([first]);
    expect(first.group.lost(first)).toEqual([first]);
    const alone = first.group.lost(first);
    expect(spans(alone)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(alone.every(({ isSuspect }) => isSuspect)).toBe(true);
  });

  it('blames a text that took two workers down on its own', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    all.answered(first, [answerOf(1), answerOf(2)]);
    expect(all.lost(only(all.lost(second)))).toEqual([]);
    expect((await all.done)?.[2]).toMatchObject({ code: 'INFERENCE_FAILED' });
  });

  it('runs the texts of a batch that the model failed on alone, and records which of them fails', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    const [a, b] = all.failed(first, FAILURE);
    if (!a || !b) throw new Error('not split');
    expect(all.failed(a, FAILURE)).toEqual([]);
    all.answered(b, [answerOf(2)]);
    all.answered(second, [answerOf(3)]);
    expect(await all.done).toEqual([
      { code: 'INFERENCE_FAILED', message: 'The model failed: no' },
      answerOf(2),
      answerOf(3),
    ]);
  });

  it('has nothing to wait for without texts, and gives up when it is dropped', async () => {
    expect(await new BatchGroup({ encodings: [], ends: [], indices: [] }).done).toEqual([]);
    const dropped = group();
    dropped.drop();
    expect(await dropped.done).toBeUndefined();
  });
});
