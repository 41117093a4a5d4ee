import { describe, expect, it } from 'vitest';
import type { Exchange, Reply } from '../../../../src/tools/traffic/reply.js';
import { fixedRate, recordedTimes } from '../../../../src/tools/traffic/schedule.js';
import { sendAll, type SendEnd, type SendOptions } from '../../../../src/tools/traffic/send-all.js';

const MISS: Reply = { ok: true, source: 'model', version: 'v1' };
const UNREACHABLE: Reply = { ok: false, code: 'UNREACHABLE' };

interface Sent {
  readonly end: SendEnd;
  readonly exchanges: readonly Exchange[];
  readonly order: readonly number[];
  readonly mostAtOnce: number;
}

async function send(options: Partial<SendOptions>): Promise<Sent> {
  const exchanges: Exchange[] = [];
  const order: number[] = [];
  let [inFlight, mostAtOnce] = [0, 0];
  const { send: answer = () => Promise.resolve(MISS) } = options;
  const end = await sendAll({
    requests: 20,
    connections: 4,
    schedule: null,
    goneAfterMs: 60_000,
    signal: new AbortController().signal,
    onExchange: (exchange) => exchanges.push(exchange),
    ...options,
    send: async (index) => {
      order.push(index);
      mostAtOnce = Math.max(mostAtOnce, ++inFlight);
      const reply = await answer(index);
      inFlight--;
      return reply;
    },
  });
  return { end, exchanges, order, mostAtOnce };
}

const after = (ms: number, reply: Reply = MISS): Promise<Reply> =>
  new Promise((resolve) => setTimeout(resolve, ms, reply));

describe('schedules', () => {
  it('space requests evenly, or as the trace has them', () => {
    expect([0, 1, 10].map(fixedRate(20))).toEqual([0, 50, 500]);
    expect([0, 1, 2].map(recordedTimes(Float64Array.of(0, 30, 90), 3))).toEqual([0, 10, 30]);
  });
});

describe('a closed loop', () => {
  it('sends every request once, in order, on no more connections than asked for', async () => {
    const { end, exchanges, order, mostAtOnce } = await send({ send: () => after(1) });
    expect(end).toBe('done');
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(exchanges.map(({ index }) => index).sort((a, b) => a - b)).toEqual(order);
    expect(mostAtOnce).toBe(4);
    expect(exchanges.every(({ lateMs }) => lateMs === 0)).toBe(true);
  });

  it('goes on after a failure', async () => {
    const { end, exchanges } = await send({
      send: (index) => Promise.resolve(index === 3 ? UNREACHABLE : MISS),
    });
    expect(end).toBe('done');
    expect(exchanges).toHaveLength(20);
  });
});

describe('a service that is gone', () => {
  it.each(['UNREACHABLE', 'NO_ANSWER'])('is noticed by %s alone for a while', async (code) => {
    const { end, exchanges } = await send({
      requests: 10_000,
      goneAfterMs: 150,
      send: (index) => Promise.resolve(index < 10 ? MISS : { ok: false, code }),
    });
    expect(end).toBe('service_gone');
    expect(exchanges.length).toBeLessThan(100);
  });

  it('is not one that was not asked for a while', async () => {
    const { end, exchanges } = await send({
      requests: 3,
      goneAfterMs: 100,
      schedule: (index) => index * 150,
      send: (index) => Promise.resolve(index === 1 ? UNREACHABLE : MISS),
    });
    expect(end).toBe('done');
    expect(exchanges).toHaveLength(3);
  });

  it('is another one than a service that refuses', async () => {
    const { end, exchanges } = await send({
      goneAfterMs: 1,
      send: () => after(2, { ok: false, code: 'OVERLOADED' }),
    });
    expect(end).toBe('done');
    expect(exchanges).toHaveLength(20);
  });
});

describe('an open loop', () => {
  it('sends at the times of its schedule, however long answers take', async () => {
    const { exchanges, mostAtOnce } = await send({
      requests: 10,
      connections: 10,
      schedule: fixedRate(100),
      send: () => after(150),
    });
    for (const { index, sentMs } of exchanges) expect(sentMs).toBeGreaterThanOrEqual(index * 10 - 1);
    // The last leaves after 90 ms, when not even the first is answered.
    expect(mostAtOnce).toBe(10);
  });

  it('counts a latency from the time at which the request was due, not from when a connection was free', async () => {
    // One connection, due every 10 ms; the first answer takes 200 ms, the others none.
    const { exchanges } = await send({
      requests: 5,
      connections: 1,
      schedule: fixedRate(100),
      send: (index) => (index === 0 ? after(200) : Promise.resolve(MISS)),
    });
    for (const { index, latencyMs, lateMs, sentMs } of exchanges) {
      expect(latencyMs).toBeGreaterThan(190 - index * 10);
      if (index > 0) expect(lateMs).toBeCloseTo(sentMs - index * 10, 6);
    }
  });

  it('ends at once when it is interrupted while it waits, and says so', async () => {
    const interruption = new AbortController();
    const { end, exchanges } = await send({
      requests: 100,
      connections: 20,
      schedule: (index) => (index < 3 ? 0 : 3_600_000),
      signal: interruption.signal,
      send: (index) => {
        if (index === 2) interruption.abort();
        return Promise.resolve(MISS);
      },
    });
    expect(end).toBe('interrupted');
    expect(exchanges.map(({ index }) => index)).toEqual([0, 1, 2]);
  });
});

it('an interruption waits for what is in flight and sends nothing more', async () => {
  const interruption = new AbortController();
  const { end, exchanges, order } = await send({
    signal: interruption.signal,
    send: (index) => {
      if (index === 5) interruption.abort();
      return after(5);
    },
  });
  expect(end).toBe('interrupted');
  expect(exchanges).toHaveLength(order.length);
  expect(order.length).toBeLessThan(10);
});
