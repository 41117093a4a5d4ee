import { describe, expect, it } from 'vitest';
import { lengthSortedBatches } from '../../../bench/corpus/batches.js';
import { seededRandom, shuffled } from '../../../src/base/seeded-random.js';
import { UsageError } from '../../../bench/base/input-error.js';
import { readOptions } from '../../../bench/options.js';
import { quantile } from '../../../bench/base/statistics.js';

describe('the batches of the ceiling', () => {
  const sequences = [9, 3, 4, 30, 4, 3].map((length) => new Array<number>(length).fill(1));

  it('are sorted by length and stay within the budget of padded tokens', () => {
    const batches = lengthSortedBatches(sequences, 12);
    expect(batches.map((batch) => batch.map((ids) => ids.length))).toEqual([[3, 3, 4], [4], [9], [30]]);
  });

  it('hold every text, also one that is longer than the budget', () => {
    expect(lengthSortedBatches(sequences, 5).flat()).toHaveLength(sequences.length);
  });
});

describe('quantile', () => {
  it('is a value that was measured, by nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect([0.5, 0.95, 0.99, 1].map((q) => quantile(hundred, q))).toEqual([50, 95, 99, 100]);
    expect(quantile([7], 0.99)).toBe(7);
  });
});

describe('the order of texts', () => {
  it('is the same in every run', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const order = shuffled(items, seededRandom(1));
    expect(shuffled(items, seededRandom(1))).toEqual(order);
    expect(shuffled(items, seededRandom(2))).not.toEqual(order);
    expect([...order].sort((a, b) => a - b)).toEqual(items);
  });
});

describe('the options of the bench', () => {
  it('measure speed alone, faults alone, or both', () => {
    const parts = [[], ['--chaos'], ['--all'], ['--all', '--chaos']].map((args) => {
      const options = readOptions(args);
      return [options?.speed, options?.chaos];
    });
    expect(parts).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  it('refuse what they do not know', () => {
    expect(() => readOptions(['--fast'])).toThrow(UsageError);
  });
});
