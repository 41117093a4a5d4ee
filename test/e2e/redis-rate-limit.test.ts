import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RateLimiter } from '../../src/service/http/access/rate-limiter.js';
import { SharedRateLimiter } from '../../src/service/http/access/shared-rate-limiter.js';
import { RedisConnection } from '../../src/service/redis/redis-connection.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';

const QUIET = { log: () => undefined, warn: () => undefined, error: () => undefined };

const MOST_TEXTS = 256;

let server: RedisServer;
let connections: RedisConnection[];

/** As many limiters as there are processes, each with a connection of its own. */
async function processes(count: number, perSecond: number, burst: number): Promise<SharedRateLimiter[]> {
  connections = Array.from(
    { length: count },
    () =>
      new RedisConnection(server.url, QUIET, {
        linkIsUp: () => undefined,
        failed: () => undefined,
        refusesWrites: () => undefined,
      }),
  );
  for (const connection of connections) connection.open();
  await vi.waitFor(() => {
    expect(connections.every(({ isUp }) => isUp)).toBe(true);
  });
  return connections.map(
    (connection) => new SharedRateLimiter(new RateLimiter(perSecond, burst), connection, MOST_TEXTS),
  );
}

/** Sends as fast as the processes answer, in turns, and counts what passes. */
async function hammer(
  limiters: readonly SharedRateLimiter[],
  client: string,
  forMs: number,
): Promise<number> {
  const startedAt = performance.now();
  let passed = 0;
  while (performance.now() - startedAt < forMs) {
    for (const limiter of limiters) if (limiter.take(client, performance.now()) === 0) passed++;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return passed;
}

beforeAll(async () => {
  if (NO_REDIS === null) server = await RedisServer.start();
});

afterAll(async () => {
  if (NO_REDIS === null) await server.remove();
});

beforeEach(async ({ skip }) => {
  skip(NO_REDIS !== null, NO_REDIS ?? '');
  connections = [];
  await server.command('FLUSHALL');
});

afterEach(() => {
  for (const connection of connections) connection.onApplicationShutdown();
});

describe('a rate that processes share', () => {
  it('holds for all of them together, within the tolerance, and is paid back', async () => {
    const [rate, burst] = [100, 20];
    const limiters = await processes(3, rate, burst);
    const startedAt = performance.now();
    const passed = await hammer(limiters, 'key:greedy', 2_000);
    const seconds = (performance.now() - startedAt) / 1000;
    const tolerance = 2 * (burst + rate * 0.1);
    // Three that do not share would let three times as much through, 660.
    expect(passed).toBeLessThanOrEqual(burst + rate * seconds + tolerance);
    expect(passed).toBeGreaterThan(rate * seconds * 0.75);
  });

  it('costs nothing who keeps to it, even without a burst', async () => {
    const [limiter] = (await processes(1, 100, 1)) as [SharedRateLimiter];
    const alone = new RateLimiter(100, 1);
    let [shared, own] = [0, 0];
    const startedAt = performance.now();
    while (performance.now() - startedAt < 1_500) {
      const now = performance.now();
      if (limiter.take('key:steady', now) === 0) shared++;
      if (alone.take('key:steady', now) === 0) own++;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(shared).toBeGreaterThan(own * 0.85);
    expect(shared).toBeLessThanOrEqual(2 + (100 * (performance.now() - startedAt)) / 1000);
  });

  it('is of each client alone, and tells Redis neither names nor addresses', async () => {
    const limiters = (await processes(2, 0.001, 5)) as [SharedRateLimiter, SharedRateLimiter];
    const [first, second] = limiters;
    for (let i = 0; i < 5; i++) expect(first.take('address:10.1.2.3', performance.now())).toBe(0);
    // The other process hears of it when the client comes to it too.
    expect(second.take('address:10.1.2.3', performance.now())).toBe(0);
    await vi.waitFor(() => {
      expect(second.take('address:10.1.2.3', performance.now())).toBeGreaterThan(0);
    });
    expect(second.take('address:10.1.2.4', performance.now())).toBe(0);
    await vi.waitFor(async () => {
      expect(await server.command('DBSIZE')).toBe(2);
    });
    const keys = (await server.command('KEYS', '*')) as string[];
    for (const key of keys) {
      expect(key).toMatch(/^serin:rate:1:[0-9a-f]{32}$/);
      expect(await server.command('PTTL', key)).toBeGreaterThan(0);
    }
  });

  it('counts the texts of a request in all processes, and the debt lasts as long as they take', async () => {
    const [perSecond, burst] = [1, 5];
    const limiters = (await processes(2, perSecond, burst)) as [SharedRateLimiter, SharedRateLimiter];
    const [first, second] = limiters;
    const startedAt = performance.now();
    // As many requests as the burst allows come at once, and each has as many texts as it may have.
    for (let i = 0; i < burst; i++) expect(first.take('key:batches', startedAt)).toBe(0);
    for (let i = 0; i < burst; i++) first.charge('key:batches', MOST_TEXTS - 1, startedAt);
    const owedMs = ((burst * MOST_TEXTS - burst + 1) / perSecond) * 1000;
    expect(first.take('key:batches', startedAt)).toBe(owedMs);
    await vi.waitFor(async () => {
      expect(await server.command('DBSIZE')).toBe(1);
    });
    // The other process hears of it when the client comes to it too.
    expect(second.take('key:batches', performance.now())).toBe(0);
    await vi.waitFor(() => {
      expect(second.take('key:batches', performance.now())).toBeGreaterThan(0);
    });
    const now = performance.now();
    const waitMs = second.take('key:batches', now);
    const paidMs = now - startedAt;
    expect(waitMs).toBeGreaterThan(owedMs - paidMs - 1_000);
    // What the other process has admitted is charged as well: at most its burst.
    expect(waitMs).toBeLessThanOrEqual(owedMs + burst * 1_000);
  });

  it('is limited by each process on its own while Redis is away, and shared again when it is back', async () => {
    const limiters = await processes(2, 0.001, 3);
    await server.kill();
    await vi.waitFor(() => {
      expect(connections.some(({ isUp }) => isUp)).toBe(false);
    });
    for (const limiter of limiters) {
      const waits = Array.from({ length: 4 }, () => limiter.take('key:a', performance.now()));
      expect(waits.slice(0, 3)).toEqual([0, 0, 0]);
      expect(waits[3]).toBeGreaterThan(0);
    }
    await server.start();
    await vi.waitFor(
      () => {
        expect(connections.every(({ isUp }) => isUp)).toBe(true);
      },
      { timeout: 15_000 },
    );
    const [first, second] = limiters as [SharedRateLimiter, SharedRateLimiter];
    for (let i = 0; i < 3; i++) expect(first.take('key:b', performance.now())).toBe(0);
    expect(second.take('key:b', performance.now())).toBe(0);
    await vi.waitFor(() => {
      expect(second.take('key:b', performance.now())).toBeGreaterThan(0);
    });
  });
});
