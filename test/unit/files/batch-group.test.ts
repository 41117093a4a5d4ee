import { describe, expect, it } from 'vitest';
import { BatchGroup, type GroupBatch } from '../../../src/files/batch-group.js';
import type { BatchDone, Row } from '../../../src/inference/worker/protocol.js';

const COST = { fixedMs: 0, perTokenMs: 0, perTokenSquaredMs: 0 };
const rowOf = (tokens: number): Row => ({ scores: [tokens], tokens, truncated: false });

const done = (rows: readonly Row[]): BatchDone => ({
  type: 'done',
  batchId: 1,
  ok: true,
  rows,
  timings: { tokenizeMs: 0, inferenceMs: 0, paddedTokens: 0 },
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

const group = () =>
  new BatchGroup({ texts: ['a', 'b', 'c'], tokens: [1, 2, 3], ends: [2, 3], indices: [0, 1, 2] });
const spans = (batches: readonly GroupBatch[]) => batches.map(({ start, end }) => [start, end]);

function only(batches: readonly GroupBatch[]): GroupBatch {
  const [batch] = batches;
  if (batch === undefined || batches.length !== 1) throw new Error(`${String(batches.length)} batches`);
  return batch;
}

describe('BatchGroup', () => {
  it('gathers the rows of its batches, whatever their order', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    expect(all.textsOf(first)).toEqual(['a', 'b']);
    all.answered(second, done([rowOf(3)]));
    all.answered(first, done([rowOf(1), rowOf(2)]));
    expect(await all.done).toEqual([rowOf(1), rowOf(2), rowOf(3)]);
  });

  it('runs a batch that was lost as it is, and its texts alone only after the third death', () => {
    const [first] = group().batches();
    if (!first) throw new Error('no batch');
    expect(first.group.lost(first)).toEqual([first]);
    expect(first.group.lost(first)).toEqual([first]);
    expect(spans(first.group.lost(first))).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it('blames a text that took two workers down on its own', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    all.answered(first, done([rowOf(1), rowOf(2)]));
    expect(all.lost(only(all.lost(second)))).toEqual([]);
    expect((await all.done)?.[2]).toMatchObject({ code: 'INFERENCE_FAILED' });
  });

  it('runs the texts of a batch that the model failed on alone, and records which of them fails', async () => {
    const all = group();
    const [first, second] = all.batches();
    if (!first || !second) throw new Error('no batches');
    const [a, b] = all.answered(first, failed);
    if (!a || !b) throw new Error('not split');
    all.answered(a, failed);
    all.answered(b, done([rowOf(2)]));
    all.answered(second, done([rowOf(3)]));
    expect(await all.done).toEqual([
      { code: 'INFERENCE_FAILED', message: 'The model failed: no' },
      rowOf(2),
      rowOf(3),
    ]);
  });

  it('has nothing to wait for without texts, and gives up when it is dropped', async () => {
    expect(await new BatchGroup({ texts: [], tokens: [], ends: [], indices: [] }).done).toEqual([]);
    const dropped = group();
    dropped.drop();
    expect(await dropped.done).toBeUndefined();
  });
});
