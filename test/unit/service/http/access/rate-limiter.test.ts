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

  it('lets a request pass while one token is left, and its texts take the bucket below zero', () => {
    const limiter = new RateLimiter(5, 5);
    expect(limiter.take('a', 0)).toBe(0);
    limiter.charge('a', 255, 0);
    expect(limiter.take('a', 0)).toBe(50_400);
    // A refused request takes nothing.
    expect(limiter.take('a', 400)).toBe(50_000);
    expect(limiter.take('b', 400)).toBe(0);
    expect(limiter.take('a', 50_400)).toBe(0);
    expect(limiter.take('a', 50_400)).toBe(200);
  });

  it('never lets more texts through than burst + rate × time + those of the last request', () => {
    const requests = fc.array(
      fc.record({ gapMs: fc.integer({ min: 0, max: 5_000 }), texts: fc.integer({ min: 1, max: 40 }) }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(
        requests,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 20 }),
        (all, rate, burst) => {
          const limiter = new RateLimiter(rate, burst);
          let [now, passed] = [0, 0];
          for (const { gapMs, texts } of all) {
            now += gapMs;
            if (limiter.take('a', now) > 0) continue;
            expect(passed).toBeLessThanOrEqual(burst - 1 + (rate * now) / 1000 + 1e-5);
            limiter.charge('a', texts - 1, now);
            passed += texts;
          }
        },
      ),
    );
  });

  it('names a wait after which the request passes, and before which it does not', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 1e3, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        (rate, burst, texts, startedAt) => {
          const limiter = new RateLimiter(rate, burst);
          expect(limiter.take('a', startedAt)).toBe(0);
          limiter.charge('a', burst + texts, startedAt);
          const waitMs = limiter.take('a', startedAt);
          expect(limiter.take('a', startedAt + waitMs * 0.99)).toBeGreaterThan(0);
          expect(limiter.take('a', startedAt + waitMs)).toBe(0);
        },
      ),
    );
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
