import { expect, it } from 'vitest';
import { measureBatchVariance } from '../../../../src/tools/measure/batch-variance.js';
import { labelVersion } from '../../../support/label-versions.js';
import type { Answer } from '../../../../src/engine/tasks/task.js';
import type { Encoding } from '../../../../src/engine/tokenization/text-tokenizer.js';

/** A text is as many tokens as it has letters. */
const encode = (text: string): Encoding => ({
  ids: Array.from(text, (c) => c.charCodeAt(0)),
  truncated: false,
});
const texts = Array.from({ length: 100 }, (_, i) => 'ab'.repeat(1 + (i % 9)) + String.fromCharCode(200 + i));

/** A model whose score of the first label is what `score` says about a text and its batch. */
function runnerOf(score: (text: Encoding, batch: readonly Encoding[]) => number, version = labelVersion()) {
  const batches: Encoding[][] = [];
  return {
    version,
    batches,
    encode,
    runBatches(encodings: readonly Encoding[], ends: readonly number[]): Promise<Answer[]> {
      const rows = ends.flatMap((end, i) => {
        const batch = encodings.slice(i === 0 ? 0 : ends[i - 1], end);
        batches.push(batch);
        return batch.map((one) => {
          const first = score(one, batch);
          return { value: { scores: [first, 1 - first] }, tokens: one.ids.length, truncated: false };
        });
      });
      return Promise.resolve(rows);
    },
  };
}

const own = ({ ids }: Encoding): number => (ids.at(-1) ?? 0) / 400;

it('sees nothing where an answer depends on its text alone', async () => {
  const found = await measureBatchVariance(runnerOf(own), texts);
  expect(found).toEqual({
    mixed: { texts: 100, label_flips: 0, max_score_change: 0 },
    padded: { texts: 100, label_flips: 0, max_score_change: 0 },
    label_flips: 0,
    max_score_change: 0,
  });
});

it('sees what batch mates do, and what padding does', async () => {
  const shares = runnerOf((text, batch) => own(text) + (batch.length > 1 ? 0.05 : 0));
  const mates = await measureBatchVariance(shares, texts);
  expect(mates.max_score_change).toBeCloseTo(0.05, 12);
  const pads = runnerOf((text, batch) => (text.ids.length < (batch.at(-1)?.ids.length ?? 0) ? 0.4 : 0.6));
  const padding = await measureBatchVariance(pads, texts);
  expect(padding.padded.label_flips).toBeGreaterThan(80);
  expect(padding.mixed.label_flips).toBeGreaterThan(50);
  expect(padding.label_flips).toBe(padding.mixed.label_flips + padding.padded.label_flips);
  expect(padding.max_score_change).toBeCloseTo(0.2, 12);
});

it('counts a text as another when any of its labels crosses its threshold', async () => {
  const shares = (_: Encoding, batch: readonly Encoding[]): number => (batch.length > 1 ? 0.7 : 0.9);
  const task = 'multi-label-classification';
  const labels = ['A', 'B'];
  // The first score falls from 0.9 to 0.7, the second rises from 0.1 to 0.3; the top label stays.
  const halves = await measureBatchVariance(runnerOf(shares, labelVersion({ task, labels })), texts);
  expect(halves.label_flips).toBe(0);
  const low = labelVersion({ task, labels, thresholds: { B: 0.2 } });
  expect((await measureBatchVariance(runnerOf(shares, low), texts)).mixed.label_flips).toBe(100);
});

it('runs each text alone once, with fifteen others once, and beside the longest, shortest first', async () => {
  const runner = runnerOf(own);
  await measureBatchVariance(runner, texts);
  const alone = runner.batches.filter((batch) => batch.length === 1);
  expect(alone).toHaveLength(100);
  expect(runner.batches.slice(100, 107).map((batch) => batch.length)).toEqual([16, 16, 16, 16, 16, 16, 4]);
  const longest = Math.max(...texts.map((text) => text.length));
  for (const batch of runner.batches.slice(107)) expect(batch.at(-1)?.ids).toHaveLength(longest);
  for (const batch of runner.batches) {
    const lengths = batch.map(({ ids }) => ids.length);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  }
});
