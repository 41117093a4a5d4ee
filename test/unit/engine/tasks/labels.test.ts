import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { taskNamed, workerTaskOf } from '../../../../src/engine/tasks/table.js';
import type { RunOutput } from '../../../../src/engine/tasks/task.js';
import type { VersionSpec } from '../../../../src/engine/protocol/protocol.js';
import type { Span } from '../../../../src/engine/view.js';
import { TASK_NAMES, TASK_TRAITS, type TaskName } from '../../../../src/registry/tasks.js';
import { id, smallTokenizer } from '../tokenization/small-tokenizer.js';

const logits = fc.array(fc.float({ min: -500, max: 500, noNaN: true }), { minLength: 2, maxLength: 6 });

/** Scores of a text that the model read in one. */
const scoresOf = (task: TaskName, ...values: number[]): readonly number[] =>
  taskNamed(task).combine([Float32Array.from(values)], null).scores;

describe('the scores of one row', () => {
  it('softmax: sum to one, keep the order of the logits, and large logits do not overflow', () => {
    fc.assert(
      fc.property(logits, (values) => {
        const scores = scoresOf('text-classification', ...values);
        expect(scores.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const byLogit = values.map((logit, i) => ({ logit, score: scores[i] ?? NaN }));
        byLogit.sort((a, b) => a.logit - b.logit || a.score - b.score);
        byLogit.forEach(({ score }, i) => {
          expect(score).toBeGreaterThanOrEqual(byLogit[i - 1]?.score ?? 0);
        });
      }),
    );
  });

  it('softmax: the value of a known pair', () => {
    const [first, second] = scoresOf('text-classification', 0, Math.log(3));
    expect(first).toBeCloseTo(0.25, 6);
    expect(second).toBeCloseTo(0.75, 6);
  });

  it('multi label: each score is the sigmoid of its own logit', () => {
    expect(scoresOf('multi-label-classification', 0, 500, -500)).toEqual([0.5, 1, expect.closeTo(0, 9)]);
  });

  it('binary: one logit speaks for the second label', () => {
    expect(TASK_TRAITS['binary-classification'].logits(2)).toBe(1);
    expect(scoresOf('binary-classification', Math.log(4))).toEqual([
      expect.closeTo(0.2, 6),
      expect.closeTo(0.8, 6),
    ]);
  });
});

describe('what a worker takes of a run', () => {
  const specOf = (task: TaskName, labels: number): VersionSpec =>
    ({ task, labels: Array.from({ length: labels }, (_, i) => `L${i}`) }) as unknown as VersionSpec;
  const outputOf = (...data: number[]): RunOutput => ({
    name: 'logits',
    data: Float32Array.from(data),
    dims: [],
  });
  const graph = (
    inputNames: string[],
    outputNames: string[],
  ): Parameters<ReturnType<typeof workerTaskOf>['output']>[0] => ({ inputNames, outputNames });

  it('is one row of as many logits as the task has for its labels', () => {
    const output = outputOf(1, 2, 3, 4, 5, 6);
    const row = (task: TaskName, labels: number, index: number, rows: number): number[] =>
      Array.from(workerTaskOf({ task }).row(output, index, rows, 9, specOf(task, labels)));
    expect(row('text-classification', 3, 0, 2)).toEqual([1, 2, 3]);
    expect(row('multi-label-classification', 2, 2, 3)).toEqual([5, 6]);
    expect(row('binary-classification', 2, 4, 6)).toEqual([5]);
  });

  it.each(TASK_NAMES)('is refused when the output has another shape, or is no float32: %s', (task) => {
    const spec = specOf(task, 2);
    const width = TASK_TRAITS[task].logits(2);
    const message = `the output logits is not float32 [3, ${width}], as the task ${task} with 2 labels needs`;
    const worker = workerTaskOf({ task });
    expect(() => worker.row(outputOf(...Array<number>(3 * width + 1).fill(0)), 0, 3, 9, spec)).toThrow(
      message,
    );
    const double = { ...outputOf(), data: new Float64Array(3 * width) };
    expect(() => worker.row(double, 0, 3, 9, spec)).toThrow(message);
    expect(() => worker.row({ ...outputOf(), data: undefined }, 0, 3, 9, spec)).toThrow(message);
  });

  it.each([
    ['text-classification', [NaN, 0], false],
    ['text-classification', [Infinity, 0], false],
    ['text-classification', [-Infinity, -Infinity], false],
    ['text-classification', [-Infinity, 0], true],
    ['multi-label-classification', [0, NaN], false],
    ['multi-label-classification', [Infinity, -Infinity], true],
    ['binary-classification', [NaN], false],
    ['binary-classification', [-Infinity], true],
  ] as const)('is refused where no score can be made of it: %s, %j', (task, values, isSound) => {
    const spec = specOf(task, 2);
    // The row beside it is not this text's.
    const output = outputOf(...values, ...values.map(() => NaN));
    const row = (): Float32Array => workerTaskOf({ task }).row(output, 0, 2, 9, spec);
    if (isSound) {
      expect(Array.from(row())).toEqual(values);
      expect(taskNamed(task).combine([row()], null).scores.every(Number.isFinite)).toBe(true);
    } else expect(row).toThrow('the model answered a score that is not a number');
  });

  it('comes from the output named logits, else from the first one, of a graph with known inputs', () => {
    const task = workerTaskOf({ task: 'text-classification' });
    expect(task.output(graph(['input_ids'], ['pooled', 'logits']))).toBe('logits');
    expect(task.output(graph(['input_ids', 'attention_mask', 'token_type_ids'], ['out', 'more']))).toBe(
      'out',
    );
    expect(() => task.output(graph(['input_ids', 'pixels'], ['logits']))).toThrow(
      'model.onnx wants the inputs input_ids, pixels; known are input_ids, attention_mask, token_type_ids',
    );
    expect(() => task.output(graph(['input_ids'], []))).toThrow('model.onnx wants the inputs input_ids');
  });

  it('is made of one sequence, or of the windows that are asked for', async () => {
    const task = workerTaskOf({ task: 'text-classification' });
    const tokenizer = await smallTokenizer({ maxTokens: 6 });
    const text = 'a b c d e f g h';
    const { items, truncated } = task.sequences(text, tokenizer, null);
    expect({ items, truncated }).toEqual({
      items: [{ ids: tokenizer.encode(text).ids, start: 0, end: text.length }],
      truncated: true,
    });
    const range = { from: 1, to: 3 };
    expect(task.sequences(text, tokenizer, range)).toEqual({
      ...tokenizer.windows(text, range),
      empty: false,
    });
    expect(task.sequences(text, tokenizer, range).items[0]?.ids[1]).toBe(id('d'));
  });
});

describe('a text of several windows', () => {
  const spansOf = (count: number): Span[] =>
    Array.from({ length: count }, (_, i) => ({ start: 100 * i, end: 100 * i + 120 }));

  it('has, per label, the highest score of all windows, with the first window that has it', () => {
    const rows = [
      [0, 3, -1],
      [2, 3, -4],
      [1, -9, 0],
    ].map((row) => Float32Array.from(row));
    const [first, second, third] = spansOf(3);
    const multi = taskNamed('multi-label-classification');
    const alone = rows.map((row) => multi.combine([row], null).scores);
    expect(multi.combine(rows, spansOf(3))).toEqual({
      scores: [alone[1]?.[0], alone[0]?.[1], alone[2]?.[2]],
      spans: [second, first, third],
    });
  });

  it.each(TASK_NAMES)('combines as each window says for itself: %s', (name) => {
    const task = taskNamed(name);
    const width = TASK_TRAITS[name].logits(2);
    const row = fc
      .array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: width, maxLength: width })
      .map((values) => Float32Array.from(values));
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 9 }), (rows) => {
        const spans = spansOf(rows.length);
        const alone = rows.map((each) => task.combine([each], null).scores);
        const { scores, spans: chosen } = task.combine(rows, spans);
        expect(scores).toHaveLength(2);
        scores.forEach((score, label) => {
          const ofLabel = alone.map((each) => each[label] ?? NaN);
          expect(score).toBe(Math.max(...ofLabel));
          expect(chosen?.[label]).toEqual(spans[ofLabel.indexOf(score)]);
        });
      }),
    );
  });

  it.each(TASK_NAMES)('that turns out to be one window is answered as without windows: %s', (name) => {
    const task = taskNamed(name);
    const row = Float32Array.of(...Array<number>(TASK_TRAITS[name].logits(2)).fill(0.3));
    const whole = task.combine([row], null);
    expect(task.combine([row], spansOf(1))).toStrictEqual(whole);
    expect(Object.keys(whole)).toEqual(['scores']);
  });

  it('is nothing without a row', () => {
    expect(() => taskNamed('text-classification').combine([], [])).toThrow('no row');
  });

  it('is expected to have about as many windows as it has, and no more than are allowed', async () => {
    const task = taskNamed('text-classification');
    const tokenizer = await smallTokenizer({ maxTokens: 32 });
    const textOf = (words: number): string => Array<string>(words).fill('a').join(' ');
    for (const words of [0, 1, 29, 30, 31, 52, 53, 54, 75, 98, 99, 500]) {
      const text = textOf(words);
      const { items } = tokenizer.windows(text, { from: 0, to: 8 });
      expect(task.estimate(text, { windows: 'all', max: 8 }, 32)).toEqual({
        sequences: items.length,
        tokens: items[0]?.ids.length,
      });
      expect(task.estimate(text, { windows: 'first', max: 1 }, 32)).toEqual({
        sequences: 1,
        tokens: Math.min(32, words + 2),
      });
    }
    expect(task.estimate('x'.repeat(1e6), { windows: 'all', max: 8 }, 32)).toEqual({
      sequences: 8,
      tokens: 32,
    });
  });
});
