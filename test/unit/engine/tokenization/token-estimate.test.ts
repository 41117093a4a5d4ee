import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateTokens } from '../../../../src/engine/tokenization/token-estimate.js';

describe('estimateTokens', () => {
  it('stays between the special tokens and the limit', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 500 }),
        fc.integer({ min: 2, max: 512 }),
        (text, maxTokens) => {
          const estimate = estimateTokens(text, maxTokens);
          expect(Number.isInteger(estimate)).toBe(true);
          expect(estimate).toBeGreaterThanOrEqual(2);
          expect(estimate).toBeLessThanOrEqual(maxTokens);
        },
      ),
    );
  });

  it('does not round past the limit', () => {
    // 2 + 6 × 1.1 = 8.6
    expect(estimateTokens('!!!!!!', 256)).toBe(9);
    expect(estimateTokens('!!!!!!', 8)).toBe(8);
  });

  it('never shrinks when a text goes on', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, more) => {
        expect(estimateTokens(text + more, 256)).toBeGreaterThanOrEqual(estimateTokens(text, 256));
      }),
    );
  });

  it.each([
    ['', 2],
    [' \n\t', 2],
    ['a good film', 5],
    ['good , bad .', 6],
    ['it is great!', 6],
    ['中文字', 5],
    ['2024', 3],
    ['1234567890', 9],
  ])('estimates %j', (text, tokens) => {
    expect(estimateTokens(text, 256)).toBe(tokens);
  });

  it('reads no more of a long text than it takes to see that it fills the limit', () => {
    for (const text of ['a'.repeat(1e6), ' '.repeat(1e6), '中'.repeat(1e6), 'good '.repeat(2e5)]) {
      const start = performance.now();
      for (let i = 0; i < 1000; i++) expect(estimateTokens(text, 256) === 256).toBe(true);
      // A thousand full readings would take more than a second.
      expect(performance.now() - start).toBeLessThan(500);
    }
  });
});
