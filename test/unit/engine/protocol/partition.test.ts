import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictMs } from '../../../../src/engine/protocol/cost-model.js';
import { partition } from '../../../../src/engine/protocol/partition.js';

const COST = { fixedMs: 0.4, perTokenMs: 0.03, perTokenSquaredMs: 0.0001 };

/** Every way to cut n texts into consecutive parts, as lists of part ends. */
function allPartitions(n: number): number[][] {
  const all: number[][] = [];
  for (let cuts = 0; cuts < 2 ** (n - 1); cuts++) {
    const ends = Array.from({ length: n - 1 }, (_, i) => i + 1).filter((end) => (cuts >> (end - 1)) & 1);
    all.push([...ends, n]);
  }
  return all;
}

function totalMs(lengths: readonly number[], ends: readonly number[]): number {
  return ends.reduce(
    (sum, end, i) => sum + predictMs(COST, end - (ends[i - 1] ?? 0), lengths[end - 1] ?? 0),
    0,
  );
}

const sortedLengths = (max: number): fc.Arbitrary<number[]> =>
  fc
    .array(fc.integer({ min: 2, max: 256 }), { minLength: 1, maxLength: max })
    .map((lengths) => lengths.sort((a, b) => a - b));

describe('partition', () => {
  it('costs no more than any other way to cut the texts', () => {
    fc.assert(
      fc.property(sortedLengths(9), (lengths) => {
        const limits = { maxPaddedTokens: 512, maxTexts: 4 };
        const allowed = allPartitions(lengths.length).filter((ends) =>
          ends.every((end, i) => {
            const rows = end - (ends[i - 1] ?? 0);
            return rows === 1 || (rows <= 4 && rows * (lengths[end - 1] ?? 0) <= 512);
          }),
        );
        const least = Math.min(...allowed.map((ends) => totalMs(lengths, ends)));
        expect(totalMs(lengths, partition(lengths, COST, limits))).toBeCloseTo(least, 9);
      }),
    );
  });

  it('keeps every part within the padded-token budget and the number of texts', () => {
    fc.assert(
      fc.property(sortedLengths(200), fc.integer({ min: 32, max: 1024 }), (lengths, maxPaddedTokens) => {
        const ends = partition(lengths, COST, { maxPaddedTokens, maxTexts: 16 });
        expect(ends.at(-1)).toBe(lengths.length);
        ends.forEach((end, i) => {
          const rows = end - (ends[i - 1] ?? 0);
          expect(rows).toBeGreaterThan(0);
          if (rows > 1) expect(rows * (lengths[end - 1] ?? 0)).toBeLessThanOrEqual(maxPaddedTokens);
          expect(rows).toBeLessThanOrEqual(16);
        });
      }),
    );
  });

  it('runs a text that exceeds the budget by itself', () => {
    expect(partition([10, 300], COST, { maxPaddedTokens: 256, maxTexts: 8 })).toEqual([1, 2]);
  });

  it('answers no part for no text', () => {
    expect(partition([], COST, { maxPaddedTokens: 256, maxTexts: 8 })).toEqual([]);
  });
});
