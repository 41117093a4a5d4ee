import { describe, expect, it } from 'vitest';
import { spread } from '../../../bench/corpus/spread.js';

const sorted = Array.from({ length: 277 }, (_, i) => i);
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

describe('spread', () => {
  it.each([0, 0.5])('keeps every item, phase %s', (phase) => {
    expect(spread(sorted, phase).sort((a, b) => a - b)).toEqual(sorted);
  });

  it.each([0, 0.5])('makes every stretch a fair sample, phase %s', (phase) => {
    const order = spread(sorted, phase);
    for (let start = 0; start + 100 <= order.length; start++) {
      expect(Math.abs(mean(order.slice(start, start + 100)) / mean(sorted) - 1)).toBeLessThan(0.03);
    }
  });

  it('gives another order for another phase', () => {
    expect(spread(sorted, 0.5)).not.toEqual(spread(sorted, 0));
  });
});
