import fc from 'fast-check';
import { expect, it } from 'vitest';
import { reconnectDelayMs } from '../../../../src/service/redis/reconnect-delay.js';

it('doubles from 100 ms to 5 s, less up to half', () => {
  expect([1, 2, 3, 6, 7, 1000].map((failures) => reconnectDelayMs(failures, 0))).toEqual([
    100, 200, 400, 3200, 5000, 5000,
  ]);
  expect(reconnectDelayMs(1, 1)).toBe(50);
  expect(reconnectDelayMs(9, 1)).toBe(2500);
});

it('is bounded for every number of failures', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const delayMs = reconnectDelayMs(failures, random);
        expect(delayMs).toBeGreaterThanOrEqual(50);
        expect(delayMs).toBeLessThanOrEqual(5000);
      },
    ),
  );
});
