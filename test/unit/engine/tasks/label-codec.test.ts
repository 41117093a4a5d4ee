import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LABEL_CODEC, MAX_VALUE_BYTES } from '../../../../src/engine/tasks/label-codec.js';
import type { Classified } from '../../../../src/engine/tasks/classified.js';
import { taskNamed } from '../../../../src/engine/tasks/table.js';
import type { Answer } from '../../../../src/engine/tasks/task.js';
import { TASK_NAMES } from '../../../../src/registry/tasks.js';

const score = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => value + 0);
const scores = fc.array(score, { minLength: 1, maxLength: 40 });
const span = fc.tuple(fc.nat(1e6), fc.nat(1e6)).map(([start, length]) => ({ start, end: start + length }));
const rest = { tokens: fc.integer({ min: 1, max: 100_000 }), truncated: fc.boolean() };
const plain = { noNullPrototype: true };
const oneWindow = fc.record({ value: fc.record({ scores }, plain), ...rest }, plain);
const severalWindows = scores.chain((all) =>
  fc.record(
    {
      value: fc.record(
        {
          scores: fc.constant(all),
          spans: fc.array(span, { minLength: all.length, maxLength: all.length }),
        },
        plain,
      ),
      ...rest,
    },
    plain,
  ),
);

const labelsOf = (count: number): string[] => Array.from({ length: count }, (_, i) => `L${i}`);
const decode = (text: string, labels: number): Answer | undefined =>
  LABEL_CODEC.decode(text, { labels: labelsOf(labels), thresholds: null, maxTokens: null });
const encode = (value: Classified, tokens = 25, truncated = false): string | null =>
  LABEL_CODEC.encode({ value, tokens, truncated });

describe('an answer in Redis', () => {
  it.each([
    ['one window', oneWindow],
    ['several windows', severalWindows],
  ])('comes back to the last bit: %s', (_, answers) => {
    fc.assert(
      fc.property<[Answer]>(answers, (written) => {
        const text = LABEL_CODEC.encode(written);
        expect(text).not.toBeNull();
        expect(decode(text ?? '', written.value.scores.length)).toStrictEqual(written);
        expect(decode(text ?? '', written.value.scores.length + 1)).toBeUndefined();
      }),
    );
  });

  it('is short, and has the form of earlier releases where the text was read in one', () => {
    expect(encode({ scores: [0.00012345678, 0.99987654322] })).toBe('[1,25,0,0.00012345678,0.99987654322]');
    expect(encode({ scores: [1, 0] }, 3, true)).toBe('[1,3,1,1,0]');
  });

  it('holds the window of each score where the text had several', () => {
    const spans = [
      { start: 0, end: 700 },
      { start: 512, end: 1300 },
    ];
    const text = '[2,300,1,[0.25,0.875],[0,700,512,1300]]';
    expect(encode({ scores: [0.25, 0.875], spans }, 300, true)).toBe(text);
    expect(decode(text, 2)).toStrictEqual({
      value: { scores: [0.25, 0.875], spans },
      tokens: 300,
      truncated: true,
    });
  });

  it('takes 8 bytes of memory per score, and 48 more per window', () => {
    const spans = [
      { start: 0, end: 700 },
      { start: 512, end: 1300 },
    ];
    expect(LABEL_CODEC.bytes({ scores: [0.25, 0.875] })).toBe(16);
    expect(LABEL_CODEC.bytes({ scores: [0.25, 0.875], spans })).toBe(112);
  });

  it('is the same for every task of labels', () => {
    for (const name of TASK_NAMES) expect(taskNamed(name).codec).toBe(LABEL_CODEC);
  });

  it.each([
    ['no JSON', '[1,25,0,0.1,0.9'],
    ['a JSON null', 'null'],
    ['an empty text', ''],
    ['no array', '{"0":1,"length":5}'],
    ['an unknown version', '[3,25,0,0.1,0.9]'],
    ['a version in quotes', '["1",25,0,0.1,0.9]'],
    ['too few scores', '[1,25,0,0.1]'],
    ['too many scores', '[1,25,0,0.1,0.8,0.1]'],
    ['a score that is NaN', '[1,25,0,NaN,0.9]'],
    ['a score that is null', '[1,25,0,null,0.9]'],
    ['a score that overflows', '[1,25,0,1e999,0.9]'],
    ['a score above 1', '[1,25,0,0.1,1.5]'],
    ['a score below 0', '[1,25,0,-0.1,0.9]'],
    ['a score in quotes', '[1,25,0,"0.1",0.9]'],
    ['half a token', '[1,25.5,0,0.1,0.9]'],
    ['fewer tokens than none', '[1,-1,0,0.1,0.9]'],
    ['no token', '[1,0,0,0.1,0.9]'],
    ['no token in several windows', '[2,0,0,[0.1,0.9],[0,5,0,5]]'],
    ['truncated that is neither', '[1,25,2,0.1,0.9]'],
    ['truncated as true', '[1,25,true,0.1,0.9]'],
    ['more than the largest value', `[1,25,0,0.1,0.9${' '.repeat(MAX_VALUE_BYTES)}]`],
    ['windows in the form of one', '[1,25,0,[0.1,0.9],[0,5,0,5]]'],
    ['one window in the form of several', '[2,25,0,0.1,0.9]'],
    ['several windows without spans', '[2,25,0,[0.1,0.9]]'],
    ['something behind the spans', '[2,25,0,[0.1,0.9],[0,5,0,5],7]'],
    ['a span too few', '[2,25,0,[0.1,0.9],[0,5]]'],
    ['half a span too many', '[2,25,0,[0.1,0.9],[0,5,0,5,9]]'],
    ['a score too few beside whole spans', '[2,25,0,[0.1],[0,5,0,5]]'],
    ['a window whose score is above 1', '[2,25,0,[0.1,1.9],[0,5,0,5]]'],
    ['a span that begins below 0', '[2,25,0,[0.1,0.9],[-1,5,0,5]]'],
    ['a span that ends before its beginning', '[2,25,0,[0.1,0.9],[0,5,6,5]]'],
    ['a span in half units', '[2,25,0,[0.1,0.9],[0,5.5,0,5]]'],
    ['spans that are no array', '[2,25,0,[0.1,0.9],"0,5,0,5"]'],
    ['scores that are no array', '[2,25,0,"ab",[0,5,0,5]]'],
    ['several windows with half a token', '[2,0.5,0,[0.1,0.9],[0,5,0,5]]'],
    ['several windows with another truncated', '[2,25,3,[0.1,0.9],[0,5,0,5]]'],
  ])('%s reads as a miss', (_, value) => {
    expect(decode(value, 2)).toBeUndefined();
  });

  it('of one window has no more tokens than the model reads; a pipeline may add up several models', () => {
    const facts = { labels: labelsOf(2), thresholds: null };
    const [most, more, windows] = ['[1,128,0,0.1,0.9]', '[1,129,0,0.1,0.9]', '[2,129,0,[0.1,0.9],[0,5,0,5]]'];
    const read = (text: string, maxTokens: number | null) =>
      LABEL_CODEC.decode(text, { ...facts, maxTokens })?.tokens;
    expect([most, more, windows].map((text) => read(text, 128))).toEqual([128, undefined, 129]);
    expect(read(more, null)).toBe(129);
  });

  it('is a miss whatever else lies there', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (value) => {
        expect(decode(value, 2)).toBeUndefined();
      }),
    );
  });

  it.each([
    ['a score that is NaN', { scores: [NaN, 0.5] }, 3],
    ['too many labels', { scores: Array<number>(5000).fill(1 / 3) }, 3],
    ['half a token', { scores: [0.5, 0.5] }, 2.5],
    ['no token', { scores: [0.5, 0.5] }, 0],
    ['a window whose score is NaN', { scores: [NaN], spans: [{ start: 0, end: 1 }] }, 3],
    [
      'too many labels and windows',
      { scores: Array<number>(1200).fill(1 / 3), spans: Array(1200).fill({ start: 100_000, end: 200_000 }) },
      3,
    ],
  ])('is not written with %s', (_, unfit, tokens) => {
    expect(encode(unfit as Classified, tokens)).toBeNull();
  });
});
