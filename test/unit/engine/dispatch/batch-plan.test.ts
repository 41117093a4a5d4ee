import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchPlanner, cutBatches } from '../../../../src/engine/dispatch/batch-plan.js';
import type { Encoding } from '../../../../src/engine/tokenization/text-tokenizer.js';

const BUDGET = { maxPaddedTokens: 64, runsAlone: false };

const ascending = fc
  .array(fc.integer({ min: 2, max: 100 }), { maxLength: 60 })
  .map((tokens) => tokens.sort((a, b) => a - b));

describe('cutBatches', () => {
  it('keeps to the budget, and no batch could have taken the next text', () => {
    fc.assert(
      fc.property(ascending, (tokens) => {
        const ends = cutBatches(tokens, BUDGET);
        expect(ends.at(-1) ?? 0).toBe(tokens.length);
        ends.forEach((end, i) => {
          const rows = end - (ends[i - 1] ?? 0);
          expect(rows).toBeGreaterThan(0);
          if (rows > 1) expect(rows * (tokens[end - 1] ?? 0)).toBeLessThanOrEqual(64);
          if (end < tokens.length) expect((rows + 1) * (tokens[end] ?? 0)).toBeGreaterThan(64);
        });
      }),
    );
  });

  it('a version that runs alone gets one text at a time', () => {
    expect(cutBatches([2, 2, 3], { ...BUDGET, runsAlone: true })).toEqual([1, 2, 3]);
  });
});

/** One id per character: the text can be read from them. */
const encode = (text: string): Encoding => ({
  ids: Array.from(text, (char) => char.codePointAt(0) ?? 0),
  truncated: text.length > 3,
});
const textOf = ({ ids }: Encoding): string => String.fromCodePoint(...ids);

describe('BatchPlanner', () => {
  const plan = (texts: readonly string[]) => {
    const planner = new BatchPlanner({ encode, isEmpty: ({ length }) => length === 0 }, BUDGET);
    for (const text of texts) planner.add(text);
    return planner.finish();
  };

  it('sorts by tokens, keeps first come first where they are equal, and computes equal texts once', () => {
    expect(plan(['bbbb', 'a', 'cccc', 'a', 'bbbb'])).toEqual({
      encodings: ['a', 'bbbb', 'cccc'].map(encode),
      ends: [3],
      indices: [1, 0, 2, 0, 1],
    });
  });

  it('half a character is the character that stands for none', () => {
    expect(plan(['\ud83d', '\uFFFD']).encodings.map(textOf)).toEqual(['\uFFFD']);
  });

  it('leaves out a text of which the tokenizer leaves nothing, and says so', () => {
    const planner = new BatchPlanner({ encode, isEmpty: ({ length }) => length === 0 }, BUDGET);
    expect(['a', '', 'b', ''].map((text) => planner.add(text))).toEqual([true, false, true, false]);
    expect(planner.finish()).toEqual({ encodings: ['a', 'b'].map(encode), ends: [2], indices: [0, 1] });
  });

  it('points every text that was added at itself', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 6 })), (texts) => {
        const { encodings, indices } = plan(texts);
        const distinct = encodings.map(textOf);
        expect(indices.map((i) => distinct[i])).toEqual(texts.map((text) => text.toWellFormed()));
        expect(new Set(distinct).size).toBe(distinct.length);
      }),
    );
  });
});
