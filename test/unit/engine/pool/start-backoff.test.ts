import { describe, expect, it } from 'vitest';
import { MAX_START_FAILURES_IN_A_ROW, StartBackoff } from '../../../../src/engine/pool/start-backoff.js';

describe('StartBackoff', () => {
  it('starts at once unless starts have failed, then waits twice as long each time, up to five seconds', () => {
    const backoff = new StartBackoff();
    const delays = Array.from({ length: 8 }, () => {
      const delay = backoff.nextDelayMs();
      backoff.failed('exit code 1');
      return delay;
    });
    expect(delays).toEqual([0, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
  });

  it('gives up after a number of failures in a row, and a success sets that back', () => {
    const backoff = new StartBackoff();
    for (let i = 1; i < MAX_START_FAILURES_IN_A_ROW; i++) backoff.failed('exit code 1');
    expect(backoff.exhausted).toBe(false);
    backoff.failed('exit code 1');
    expect(backoff.exhausted).toBe(true);
    expect(backoff.failuresInARow).toEqual({ count: MAX_START_FAILURES_IN_A_ROW, lastReason: 'exit code 1' });
    backoff.succeeded();
    expect(backoff.failuresInARow).toEqual({ count: 0, lastReason: null });
    expect(backoff.exhausted).toBe(false);
    expect(backoff.nextDelayMs()).toBe(0);
  });
});
