import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, isInCanary } from '../../../src/rollout/split.js';

const keys = Array.from({ length: 20_000 }, (_, i) => `customer-${i}`);
/** Computed once with Python: int.from_bytes(sha256(b"salt\n" + key.encode()).digest()[:6], "big") * 10000 >> 48. */
const BUCKETS: readonly number[] = [5888, 5164, 1981, 259];

const percents = fc.double({ min: 0, max: 100, noNaN: true });

describe('the split', () => {
  it('puts every key into one of 10,000 buckets, the same one each time', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, salt) => {
        const bucket = bucketOf(key, salt);
        expect(Number.isInteger(bucket) && bucket >= 0 && bucket < 10_000).toBe(true);
        expect(bucketOf(key, salt)).toBe(bucket);
      }),
    );
  });

  it('keeps its buckets from release to release: a new hash would move every client', () => {
    expect(['a', 'customer-7', 'ü', ''].map((key) => bucketOf(key, 'salt'))).toEqual(BUCKETS);
  });

  it('is monotone: who is in at some percent is in at every higher one', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), percents, percents, (key, salt, a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        expect(isInCanary(key, low, salt) && !isInCanary(key, high, salt)).toBe(false);
      }),
    );
  });

  it('has nobody at 0 and everybody at 100', () => {
    expect(keys.some((key) => isInCanary(key, 0, 'salt'))).toBe(false);
    expect(keys.every((key) => isInCanary(key, 100, 'salt'))).toBe(true);
  });

  it.each([0.05, 1, 5, 50, 99])('gives %d %% their share', (percent) => {
    const share = keys.filter((key) => isInCanary(key, percent, 'salt')).length / keys.length;
    const p = percent / 100;
    // Four standard deviations of a binomial share: chance fails this once in 16,000 salts, and the salt is fixed.
    expect(Math.abs(share - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / keys.length));
  });

  it('chooses others for another canary', () => {
    const first = new Set(keys.filter((key) => isInCanary(key, 10, 'canary-1')));
    const both = keys.filter((key) => first.has(key) && isInCanary(key, 10, 'canary-2'));
    expect(both.length / first.size).toBeCloseTo(0.1, 1);
  });
});
