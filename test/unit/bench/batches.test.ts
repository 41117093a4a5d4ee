import { describe, expect, it } from 'vitest';
import { evenlyMixed } from '../../../bench/corpus/batches.js';

const sorted = Array.from({ length: 277 }, (_, i) => i);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('evenlyMixed', () => {
  it.each([0, 0.5])('keeps every item, phase %s', (phase) => {
    expect(evenlyMixed(sorted, phase).sort((a, b) => a - b)).toEqual(sorted);
  });

  it.each([0, 0.5])('makes every stretch a fair sample, phase %s', (phase) => {
    const order = evenlyMixed(sorted, phase);
    for (let start = 0; start + 100 <= order.length; start++) {
      expect(Math.abs(mean(order.slice(start, start + 100)) / mean(sorted) - 1)).toBeLessThan(0.03);
    }
  });

  it('gives another order for another phase', () => {
    expect(evenlyMixed(sorted, 0.5)).not.toEqual(evenlyMixed(sorted, 0));
  });
});
