import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RateLimiter } from '../../../../../src/service/http/access/rate-limiter.js';

describe('RateLimiter', () => {
  it('lets a burst through, then the rate, and says when the next may come', () => {
    const limiter = new RateLimiter(2, 3);
    expect([1, 2, 3].map(() => limiter.take('a', 0))).toEqual([0, 0, 0]);
    expect(limiter.take('a', 0)).toBe(500);
    expect(limiter.take('a', 200)).toBeCloseTo(300, 6);
    expect(limiter.take('a', 500)).toBe(0);
    expect(limiter.take('a', 500)).toBe(500);
  });

  it('saves up no more than the burst', () => {
    const limiter = new RateLimiter(10, 2);
    expect(limiter.take('a', 0)).toBe(0);
    const later = [1, 2, 3].map(() => limiter.take('a', 3_600_000));
    expect(later).toEqual([0, 0, 100]);
  });

  it('counts each client on its own', () => {
    const limiter = new RateLimiter(1, 1);
    expect([limiter.take('a', 0), limiter.take('b', 0), limiter.take('a', 0)]).toEqual([0, 0, 1000]);
  });

  it('never lets more through than burst + rate × time', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(
        gaps,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        (waits, rate, burst) => {
          const limiter = new RateLimiter(rate, burst);
          let now = 0;
          let passed = 0;
          for (const wait of waits) {
            now += wait;
            if (limiter.take('a', now) === 0) passed++;
          }
          expect(passed).toBeLessThanOrEqual(burst + (rate * now) / 1000 + 1e-6);
        },
      ),
    );
  });

  it('takes the word of somebody who knows better: a debt is waited for', () => {
    const limiter = new RateLimiter(2, 3);
    expect(limiter.take('a', 0)).toBe(0);
    limiter.set('a', -1, 100);
    expect(limiter.take('a', 100)).toBe(1000);
    expect(limiter.take('a', 1100)).toBe(0);
    limiter.set('b', 1, 0);
    expect([limiter.take('b', 0), limiter.take('b', 0)]).toEqual([0, 500]);
  });

  it('forgets the client seen longest ago when there are too many', () => {
    const limiter = new RateLimiter(1, 1, 2);
    for (const client of ['a', 'b']) expect(limiter.take(client, 0)).toBe(0);
    expect(limiter.take('a', 0)).toBeGreaterThan(0);
    expect(limiter.take('c', 0)).toBe(0);
    expect(limiter.take('a', 0)).toBeGreaterThan(0);
    expect(limiter.take('b', 0)).toBe(0);
  });
});
