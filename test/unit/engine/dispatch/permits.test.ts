import { describe, expect, it } from 'vitest';
import { Permits } from '../../../../src/engine/dispatch/permits.js';

describe('Permits', () => {
  it('gives all permits of a batch or none', () => {
    const permits = new Permits(10);
    expect(permits.tryTake(8)).toBe(true);
    expect(permits.tryTake(3)).toBe(false);
    expect(permits.inUse).toBe(8);
    expect(permits.tryTake(2)).toBe(true);
    permits.release(10);
    expect(permits.inUse).toBe(0);
  });

  it('keeps an eighth from each client, for the others', () => {
    const permits = new Permits(80);
    expect(permits.tryTake(71, 'greedy')).toBe(false);
    expect(permits.tryTake(70, 'greedy')).toBe(true);
    expect(permits.tryTake(1, 'greedy')).toBe(false);
    expect(permits.tryTake(10, 'other')).toBe(true);
    permits.release(1, 'greedy');
    expect(permits.tryTake(1, 'greedy')).toBe(true);
  });
});
