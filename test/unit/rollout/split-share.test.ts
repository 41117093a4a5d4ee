import { describe, expect, it } from 'vitest';
import { bucketOf, isInCanary } from '../../../src/rollout/split.js';

const KEYS = 200_000;
const SALT = '9c275d78c9446ba95a1cd145701d0aa69c2a369204ca23c480b839459e184d47';
/** Quantile of the normal distribution that leaves 0.05 % on each side. */
const Z_99_9 = 3.2905;

const inAt = (percent: number): number[] =>
  Array.from({ length: KEYS }, (_, i) => i).filter((i) => isInCanary(`user-${i}`, percent, SALT));

describe('the split over 200,000 keys', () => {
  const shares = new Map([1, 5, 25, 50].map((percent) => [percent, inAt(percent)]));

  it.each([...shares])('gives the canary %d of 100, within the 99.9 % bounds of chance', (percent, keys) => {
    const p = percent / 100;
    const bound = Z_99_9 * Math.sqrt(KEYS * p * (1 - p));
    expect(Math.abs(keys.length - KEYS * p)).toBeLessThan(bound);
  });

  it('loses not one key while the share grows', () => {
    let before: number[] = [];
    for (const keys of shares.values()) {
      const now = new Set(keys);
      expect(before.filter((key) => !now.has(key))).toEqual([]);
      before = keys;
    }
  });

  it('knows hundredths of a percent, and nothing finer', () => {
    let first = 0;
    while (bucketOf(`user-${first}`, SALT) !== 0) first++;
    expect(isInCanary(`user-${first}`, 0.01, SALT)).toBe(true);
    expect(isInCanary(`user-${first}`, 0.004, SALT)).toBe(false);
  });
});
