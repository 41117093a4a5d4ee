import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answer } from '../../src/engine/tasks/task.js';
import { redisKey } from '../../src/service/cache/redis-key.js';
import { RedisLevel } from '../../src/service/cache/redis-level.js';
import type { CacheEntry, CacheKey } from '../../src/service/cache/second-level.js';
import { RedisConnection } from '../../src/service/redis/redis-connection.js';
import { labelVersion } from '../support/label-versions.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const entryOf = (text: string, name = 'v1', model = 'sentiment', labels?: readonly string[]): CacheEntry => ({
  key: {
    id: sha256(`${model} ${name} ${text}`),
    version: labelVersion({ model, version: name, ...(labels && { labels }) }),
  },
  answer: {
    value: { scores: [0.1 + text.length / 1000, 0.9 - text.length / 1000] },
    tokens: text.length,
    truncated: false,
  },
});

const TEXTS = ['good', 'not so good', 'an ü'];
const TTL_MS = 60_000;

let server: RedisServer;
let redis: RedisConnection;
let level: RedisLevel;
let reports: string[];

const rows = (entries: readonly CacheEntry[]): Answer[] => entries.map(({ answer }) => answer);
const keys = (entries: readonly CacheEntry[]): CacheKey[] => entries.map(({ key }) => key);
const count = (report: string): number => reports.filter((each) => each === report).length;

const until = (condition: () => boolean): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error(`not yet; ${reports.slice(-5).join(', ')}`);
    },
    { timeout: 15_000, interval: 2 },
  );

/** Puts entries and waits until the server has them. */
async function written(entries: readonly CacheEntry[]): Promise<void> {
  level.put(entries);
  await vi.waitFor(
    async () => {
      expect(await redis.send(['EXISTS', ...keys(entries).map(redisKey)])).toBe(entries.length);
    },
    { timeout: 10_000, interval: 5 },
  );
}

/** Looks up until the answer comes in time: on a busy machine it may take more than one attempt. */
async function found(entries: readonly CacheEntry[]): Promise<readonly (Answer | undefined)[]> {
  return vi.waitFor(
    async () => {
      const before = count('answered');
      const result = await level.get(keys(entries));
      if (count('answered') === before) throw new Error('no answer in time');
      return result;
    },
    { timeout: 10_000, interval: 20 },
  );
}

const connect = async (): Promise<void> => {
  redis = new RedisConnection(
    server.url,
    { log: () => undefined, warn: () => undefined, error: () => undefined },
    { linkIsUp: () => undefined, failed: () => undefined, refusesWrites: () => undefined },
  );
  redis.open();
  reports = [];
  level = new RedisLevel(
    redis,
    { ttlMs: TTL_MS },
    {
      lookup: (outcome) => reports.push(outcome),
      dropped: (reason, entries) => reports.push(...Array<string>(entries).fill(`dropped: ${reason}`)),
      breakerIs: (state) => reports.push(`breaker: ${state}`),
    },
  );
  await until(() => redis.isUp);
};

beforeAll(async () => {
  if (NO_REDIS === null) server = await RedisServer.start();
});

afterAll(async () => {
  if (NO_REDIS === null) await server.remove();
});

beforeEach(async ({ skip }) => {
  skip(NO_REDIS !== null, NO_REDIS ?? '');
  await connect();
});

afterEach(async () => {
  if (NO_REDIS !== null) return;
  redis.onApplicationShutdown();
  await server.command('FLUSHALL');
});

describe('the second cache level', () => {
  it('gives back what was put, in the order of the keys, and nothing for what was not', async () => {
    const entries = TEXTS.map((text) => entryOf(text));
    await written(entries);
    const [first, second, third] = entries as [CacheEntry, CacheEntry, CacheEntry];
    const missing = entryOf('never put');
    expect(await found([third, missing, first, second])).toEqual([
      third.answer,
      undefined,
      first.answer,
      second.answer,
    ]);
    expect(await level.get([])).toEqual([]);
  });

  it('keeps its form: key and value are those of earlier releases', async () => {
    const { key } = entryOf('good');
    const answer = { value: { scores: [0.25, 0.75] }, tokens: 25, truncated: true };
    const name = `serin:cache:1:sentiment:${sha256('v1')}:${sha256('sentiment v1 good')}`;
    await redis.send(['SET', name, '[1,25,1,0.25,0.75]']);
    expect(await found([{ key, answer }])).toEqual([answer]);
    await redis.send(['DEL', name]);
    await written([{ key, answer }]);
    expect(await redis.send(['GET', name])).toBe('[1,25,1,0.25,0.75]');
  });

  it('keeps versions and models apart', async () => {
    await written([entryOf('good', 'v1')]);
    expect(await found([entryOf('good', 'v2'), entryOf('good', 'v1', 'topics')])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('lets entries live for their time, less up to a tenth', async () => {
    const entries = Array.from({ length: 50 }, (_, i) => entryOf(`text ${i}`));
    await written(entries);
    const lives = (await Promise.all(
      keys(entries).map((key) => redis.send(['PTTL', redisKey(key)])),
    )) as number[];
    for (const lifeMs of lives) {
      expect(lifeMs).toBeGreaterThan(0.9 * TTL_MS - 5_000);
      expect(lifeMs).toBeLessThanOrEqual(TTL_MS);
    }
    expect(Math.max(...lives) - Math.min(...lives)).toBeGreaterThan(0.04 * TTL_MS);
  });

  it('reads garbage as a miss, and writes over it', async () => {
    const [fine, ...bad] = ['fine', 'a', 'b', 'c', 'd', 'e'].map((text) => entryOf(text)) as [
      CacheEntry,
      ...CacheEntry[],
    ];
    await written([fine]);
    const garbage = ['', '[1,5,0,0.5]', '[9,5,0,0.5,0.5]', '\xff\xfe', 'x'.repeat(1e6)];
    for (const [i, value] of garbage.entries()) {
      await redis.send(['SET', redisKey(bad[i]?.key ?? fine.key), value]);
    }
    const threeLabels = entryOf('three labels', 'v1', 'topics', ['A', 'B', 'C']);
    await redis.send(['SET', redisKey(threeLabels.key), '[1,5,0,0.5,0.5]']);
    await redis.send(['HSET', redisKey(entryOf('hash').key), 'a', 'b']);
    const asked = [...bad, threeLabels, entryOf('hash'), fine];
    expect(await found(asked)).toEqual([...Array<undefined>(7).fill(undefined), fine.answer]);
    level.put(bad);
    await vi.waitFor(async () => {
      expect(await found(bad)).toEqual(rows(bad));
    });
  });

  it('purges a version, a model, or everything, and nothing else', async () => {
    const v1 = [entryOf('a', 'v1'), entryOf('b', 'v1')];
    const v2 = [entryOf('a', 'v2')];
    const topics = [entryOf('a', 'v1', 'topics')];
    const many = Array.from({ length: 3_000 }, (_, i) => entryOf(`text ${i}`, 'v3'));
    await redis.send(['SET', 'serin:rollout:sentiment', 'state']);
    for (let i = 0; i < many.length; i += 500) await written(many.slice(i, i + 500));
    await written([...v1, ...v2, ...topics]);
    expect(await level.purge({ versionDigest: sha256('v3') })).toBe(true);
    expect(await redis.send(['DBSIZE'])).toBe(5);
    expect(await level.purge({ model: 'sentiment', versionDigest: sha256('v1') })).toBe(true);
    expect(await found([...v1, ...v2, ...topics])).toEqual([
      undefined,
      undefined,
      ...rows([...v2, ...topics]),
    ]);
    expect(await level.purge({ model: 'sentiment' })).toBe(true);
    expect(await found([...v2, ...topics])).toEqual([undefined, ...rows(topics)]);
    expect(await level.purge({})).toBe(true);
    expect(await redis.send(['KEYS', '*'])).toEqual(['serin:rollout:sentiment']);
  });

  it('purges what waits to be written, and what is on its way', async () => {
    level.put([entryOf('on its way')]);
    await new Promise(setImmediate);
    level.put([entryOf('waits'), entryOf('kept', 'v2')]);
    expect(await level.purge({ versionDigest: sha256('v1') })).toBe(true);
    const kept = redisKey(entryOf('kept', 'v2').key);
    await vi.waitFor(async () => {
      expect(await redis.send(['EXISTS', kept])).toBe(1);
    });
    expect(await redis.send(['KEYS', '*'])).toEqual([kept]);
  });

  it('drops what is too much to wait, and what does not fit', async () => {
    level.put(Array.from({ length: 1_200 }, (_, i) => entryOf(`text ${i}`)));
    expect(count('dropped: backlog')).toBe(200);
    await vi.waitFor(async () => {
      expect(await redis.send(['DBSIZE'])).toBe(1_000);
    });
    const { key } = entryOf('huge');
    level.put([
      { key, answer: { value: { scores: Array<number>(9_999).fill(0.123) }, tokens: 3, truncated: false } },
    ]);
    await until(() => count('dropped: unfit') === 1);
    level.put([entryOf('after')]);
    await vi.waitFor(async () => {
      expect(await redis.send(['EXISTS', redisKey(entryOf('after').key)])).toBe(1);
    });
  });

  it('answers in time while Redis hangs, asks it no more, and finds back by itself', async () => {
    const entries = TEXTS.map((text) => entryOf(text));
    await written(entries);
    server.pause();
    const misses = TEXTS.map(() => undefined);
    for (let i = 0; i < 5; i++) expect(await level.get(keys(entries))).toEqual(misses);
    expect(reports.filter((report) => report !== 'answered')).toEqual([
      'breaker: closed',
      ...Array<string>(4).fill('too_late'),
      'breaker: open',
      'too_late',
    ]);
    for (let i = 0; i < 100; i++) expect(await level.get(keys(entries))).toEqual(misses);
    expect(count('refused')).toBe(100);
    level.put(entries);
    expect(count('dropped: away')).toBe(3);
    server.resume();
    await vi.waitFor(
      async () => {
        expect(await level.get(keys(entries))).toEqual(rows(entries));
      },
      { timeout: 15_000, interval: 20 },
    );
    expect(reports).toContain('breaker: half_open');
    expect(reports.filter((report) => report.startsWith('breaker')).at(-1)).toBe('breaker: closed');
  });

  it('says so when a purge did not reach Redis', async () => {
    await written([entryOf('a')]);
    await server.kill();
    await until(() => !redis.isUp);
    expect(await level.purge({})).toBe(false);
    expect(await level.get([entryOf('a').key])).toEqual([undefined]);
    level.put([entryOf('b')]);
    expect(reports).toEqual(expect.arrayContaining(['away', 'dropped: away']));
    await server.start();
    await until(() => redis.isUp);
    expect(await level.purge({})).toBe(true);
  });

  it('survives a Redis that is full', async () => {
    await redis.send(['CONFIG', 'SET', 'maxmemory', '1']);
    await redis.send(['CONFIG', 'SET', 'maxmemory-policy', 'noeviction']);
    level.put(TEXTS.map((text) => entryOf(text)));
    await until(() => count('dropped: refused') === 3);
    await redis.send(['CONFIG', 'SET', 'maxmemory', '0']);
    await until(() => redis.refusal === null);
    await written(TEXTS.map((text) => entryOf(text)));
  });
});
