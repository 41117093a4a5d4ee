import { describe, expect, it } from 'vitest';
import { Permits } from '../../../../src/engine/dispatch/permits.js';

describe('Permits', () => {
  it('gives all permits of a batch or none', () => {
    const permits = new Permits(10);
    expect(permits.tryTake(8)).toBe(true);
    expect(permits.tryTake(3)).toBe(false);
    expect(permits.inUse).toBe(8);
    expect(permits.tryTake(2)).toBe(true);
  });

  it('tells the time that the texts in use take to drain at the measured rate', () => {
    const permits = new Permits(2_000);
    permits.tryTake(1_500);
    // One text per millisecond for many time constants: the rate has settled.
    for (let now = 1; now <= 30_000; now++) {
      permits.tryTake(1);
      permits.release(1, now);
    }
    expect(permits.drainMs(30_000)).toBeGreaterThan(1_450);
    expect(permits.drainMs(30_000)).toBeLessThan(1_550);
  });

  it('answers a second while it has measured nothing, and never more than half a minute', () => {
    const permits = new Permits(10);
    expect(permits.drainMs(0)).toBe(1_000);
    permits.tryTake(10);
    permits.release(1, 0);
    expect(permits.drainMs(60_000)).toBe(30_000);
  });
});
