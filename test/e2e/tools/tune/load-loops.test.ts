import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { closedLoop, openLoop } from '../../../../src/tools/tune/load-loops.js';

const never = new AbortController().signal;

/** Answers one text after the other, each after so long. */
function server(serviceMs: number): { send: () => Promise<boolean>; readonly sent: number } {
  let last: Promise<unknown> = Promise.resolve();
  let sent = 0;
  return {
    send: () => {
      sent++;
      last = last.then(() => delay(serviceMs));
      return last.then(() => true);
    },
    get sent() {
      return sent;
    },
  };
}

describe('the closed loop', () => {
  it('keeps as many texts under way as there are clients', async () => {
    let [running, most] = [0, 0];
    const send = async (): Promise<boolean> => {
      most = Math.max(most, ++running);
      await delay(1);
      running--;
      return true;
    };
    const { textsPerS, p95Ms } = await closedLoop(send, {
      clients: 5,
      settleMs: 0,
      sliceMs: 100,
      signal: never,
    });
    expect(most).toBe(5);
    expect(textsPerS).toBeGreaterThan(0);
    expect(p95Ms).toBeGreaterThanOrEqual(1);
  });

  it('counts no text that failed', async () => {
    const send = (): Promise<boolean> => delay(1, false);
    const sample = await closedLoop(send, { clients: 2, settleMs: 0, sliceMs: 50, signal: never });
    expect(sample).toEqual({ textsPerS: 0, p95Ms: null });
  });

  it('ends when it is told to', async () => {
    const signal = AbortSignal.timeout(20);
    await closedLoop(server(1).send, { clients: 2, settleMs: 0, sliceMs: 600_000, signal });
    expect(signal.aborted).toBe(true);
  });
});

describe('the open loop', () => {
  it('offers the rate, whatever becomes of it', async () => {
    const slow = server(15);
    const p95 = await openLoop(slow.send, { ratePerS: 200, sliceMs: 500, seed: 1, signal: never });
    expect(slow.sent).toBeGreaterThan(70);
    expect(slow.sent).toBeLessThan(130);
    expect(p95).toBeNull();
  });

  it('counts a latency from the time at which the text should have been sent', async () => {
    // The event loop stands still, so nothing is sent: the texts that were due meanwhile are late all the same.
    let isFirst = true;
    const send = (): Promise<boolean> => {
      if (isFirst) {
        const until = performance.now() + 100;
        while (performance.now() < until);
        isFirst = false;
      }
      return Promise.resolve(true);
    };
    const p95 = await openLoop(send, { ratePerS: 1000, sliceMs: 300, seed: 2, signal: never });
    expect(p95).toBeGreaterThan(50);
  });
});
