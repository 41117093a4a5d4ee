import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { judgeAnswers, mixedBatches } from '../../../bench/quantize/judge-answers.js';
import type { ModelFigures, QuantizeComparison } from '../../../bench/quantize/compare-quantizers.js';
import { readLabelledSentences } from '../../../bench/quantize/labelled-sentences.js';
import { MIXED_ROWS, QUICK_QUANTIZE } from '../../../bench/quantize/plan.js';
import { quantizersAreRight, quantizeTargets } from '../../../bench/quantize/section.js';

const folder = mkdtempSync(join(tmpdir(), 'serin-bench-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const file = (content: string): string => {
  const path = join(folder, 'data.tsv');
  writeFileSync(path, content);
  return path;
};

it('reads labelled sentences in either order of the columns, and names the line that it cannot use', () => {
  const sentences = [
    { text: 'fine .', label: 1 },
    { text: 'dull .', label: 0 },
  ];
  expect(readLabelledSentences(file('label\tcontent\n1\tfine .\n0\tdull .\n'))).toEqual(sentences);
  expect(readLabelledSentences(file('sentence\tlabel\nfine .\t1\ndull .\t0\n'))).toEqual(sentences);
  expect(() => readLabelledSentences(file('label\tcontent\n1\tfine .\n2\tdull .\n'))).toThrow('line 3');
  expect(() => readLabelledSentences(file('1\tfine .\n'))).toThrow('header');
  expect(() => readLabelledSentences(join(folder, 'none.tsv'))).toThrow('cannot be read');
});

it('counts what is right alone, and what another batch changes', () => {
  const sentences = [
    { text: 'a', label: 1 },
    { text: 'b', label: 0 },
    { text: 'c', label: 0 },
  ];
  const alone = [
    [0, 2],
    [0, 0.1],
    [3, 0],
  ];
  const mixed = [
    [0, 2],
    [0.1, 0],
    [3, 0],
  ];
  const { correct, n, flips, maxScoreChange } = judgeAnswers(sentences, alone, mixed);
  expect({ correct, n, flips }).toEqual({ correct: 2, n: 3, flips: 1 });
  expect(maxScoreChange).toBeCloseTo(0.05, 3);
});

it('mixes every sentence into exactly one batch, not in order', () => {
  const batches = mixedBatches(40);
  expect(batches.map(({ length }) => length)).toEqual([MIXED_ROWS, MIXED_ROWS, 40 - 2 * MIXED_ROWS]);
  const order = batches.flat();
  expect([...order].sort((a, b) => a - b)).toEqual([...Array(40).keys()]);
  expect(order).not.toEqual([...Array(40).keys()]);
});

const model = (
  name: string,
  [kind, method]: [ModelFigures['kind'], ModelFigures['method']],
  [correct, ...roundsPerS]: [number, ...number[]],
  flips = 0,
): ModelFigures => ({
  ...{ name, made: '', kind, method, bytes: 1, n: 1_000, maxScoreChange: 0, alonePerS: 1, budget: 256 },
  ...{ correct, flips, roundsPerS, textsPerS: roundsPerS[0] ?? 0 },
});
const v1 = (...figures: [number, ...number[]]): ModelFigures => model('v1', ['float', null], figures);
const v2 = (figures: [number, ...number[]], flips = 0): ModelFigures =>
  model('v2', ['serin', 'static'], figures, flips);

const comparison = (models: ModelFigures[]): QuantizeComparison => ({
  plan: QUICK_QUANTIZE,
  sentences: 1_000,
  python: { onnxruntime: '1.0', onnx: '1.0', products: {} },
  remade: true,
  models,
});

it('holds the int8 version to v1', () => {
  const reached = (ours: ModelFigures): boolean[] =>
    quantizeTargets(comparison([v1(900, 100), ours])).map((target) => target.reached);
  expect(reached(v2([895, 270]))).toEqual([true, true, true]);
  expect(reached(v2([894, 270]))).toEqual([false, true, true]);
  expect(reached(v2([895, 270], 1))).toEqual([true, false, true]);
  expect(reached(v2([895, 269]))).toEqual([true, true, false]);
});

it('holds like to like of what Python makes, and v2 to the best and the fastest of all', () => {
  const targets = quantizeTargets(
    comparison([
      v1(900, 100),
      v2([895, 290]),
      model('ours', ['serin', 'dynamic'], [901, 250]),
      model('dynamic', ['python', 'dynamic'], [903, 240]),
      model('qdq', ['python', 'static'], [897, 280]),
      model('qdq-all', ['python', 'static'], [880, 300]),
    ]),
  ).slice(3);
  expect(targets.map(({ what, reached }) => [what, reached])).toEqual([
    ['accuracy of v2 against qdq', true],
    ['texts/s of v2 over qdq-all', false],
    ['accuracy of ours against dynamic', true],
    ['texts/s of ours over dynamic', true],
    ['accuracy of v2 against dynamic', false],
  ]);
});

it('compares speeds round by round, for the machine changes from minute to minute', () => {
  const targets = quantizeTargets(comparison([v1(900, 60, 100, 50), v2([900, 300, 280, 140])]));
  expect(targets.find(({ what }) => what.startsWith('texts/s'))?.measured).toBe('2.80');
});

it('is wrong only when an answer of the shipped version depends on its neighbours', () => {
  const python = model('dynamic', ['python', 'dynamic'], [900, 1], 14);
  expect(quantizersAreRight(comparison([v1(900, 100), v2([1, 1]), python]))).toBe(true);
  expect(quantizersAreRight(comparison([v1(900, 100), v2([900, 300], 1), python]))).toBe(false);
});
