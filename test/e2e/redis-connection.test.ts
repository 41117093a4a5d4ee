import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RedisConnection, RedisUnavailable } from '../../src/service/redis/redis-connection.js';
import { redisScript } from '../../src/service/redis/redis-script.js';
import { DIST } from './pool-harness.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';

const closing: (() => unknown)[] = [];

beforeEach(({ skip }) => {
  skip(NO_REDIS !== null, NO_REDIS ?? '');
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Opened {
  readonly redis: RedisConnection;
  readonly lines: string[];
  readonly reports: string[];
}

const open = (url: string): Opened => {
  const lines: string[] = [];
  const reports: string[] = [];
  const log =
    (level: string) =>
    (message: unknown): void => {
      lines.push(`${level}: ${String(message)}`);
    };
  const redis = new RedisConnection(
    url,
    { log: log('info'), warn: log('warn'), error: log('error') },
    {
      linkIsUp: (link, isUp) => reports.push(`${link} ${isUp ? 'up' : 'down'}`),
      failed: (failure) => reports.push(failure),
      refusesWrites: (kind) => reports.push(kind ?? 'takes writes'),
    },
  );
  closing.push(() => {
    redis.onApplicationShutdown();
  });
  redis.open();
  return { redis, lines, reports };
};

const startServer = async (...options: string[]): Promise<RedisServer> => {
  const server = await RedisServer.start(...options);
  closing.push(() => server.remove());
  return server;
};

const until = (condition: () => boolean, timeoutMs = 15_000): Promise<void> =>
  vi.waitFor(
    () => {
      if (!condition()) throw new Error('not yet');
    },
    { timeout: timeoutMs, interval: 5 },
  );

describe('the connection to Redis', () => {
  it('sends commands as soon as it is up, and refuses them before', async () => {
    const server = await startServer();
    const { redis, lines, reports } = open(server.url);
    expect(redis.isUp).toBe(false);
    await expect(redis.send(['PING'])).rejects.toThrow(RedisUnavailable);
    await until(() => redis.isUp);
    expect(await redis.send(['SET', 'ä', 'ö'])).toBe('OK');
    expect(await redis.send(['MGET', 'ä', 'none'])).toEqual(['ö', null]);
    await expect(redis.send(['INCR', 'ä'])).rejects.toThrow(/not an integer/);
    expect(lines).toEqual([`info: Redis at 127.0.0.1:${server.port} is connected`]);
    expect(reports).toEqual(['commands down', 'commands up', 'command']);
  });

  it('comes back by itself, and says one line when Redis goes and one when it is back', async () => {
    const server = await startServer();
    const { redis, lines, reports } = open(server.url);
    await until(() => redis.isUp);
    const sent = redis.send(['BLPOP', 'never', '0']);
    await Promise.all([expect(sent).rejects.toThrow(), server.kill()]);
    await until(() => reports.filter((report) => report === 'connect').length >= 3);
    expect(redis.isUp).toBe(false);
    await server.start();
    await until(() => redis.isUp);
    expect(await redis.send(['PING'])).toBe('PONG');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(
      /^warn: Redis at 127.0.0.1:\d+ is gone \(.+\); going on without it, and trying again$/,
    );
    expect(lines[2]).toMatch(/^info: Redis at 127.0.0.1:\d+ is back after \d+ ms$/);
    expect(reports).toContain('lost');
  });

  it('waits for a server that is not there yet', async () => {
    const server = await RedisServer.none();
    closing.push(() => server.remove());
    const { redis, lines } = open(server.url);
    await until(() => lines.length > 0);
    expect(lines).toEqual([
      expect.stringMatching(/^warn: Redis at 127.0.0.1:\d+ cannot be reached \(connect ECONNREFUSED .+\)/),
    ]);
    await server.start();
    await until(() => redis.isUp);
    expect(lines).toHaveLength(2);
  });

  it('notices a server that hangs, and one that wakes up', async () => {
    const server = await startServer();
    const { redis, lines } = open(server.url);
    await until(() => redis.isUp);
    server.pause();
    const sent = redis.send(['GET', 'x']);
    await expect(sent).rejects.toThrow();
    await until(() => !redis.isUp);
    expect(lines[1]).toMatch(/is gone \(no answer for 2000 ms\)/);
    server.resume();
    await until(() => redis.isUp);
    expect(lines).toHaveLength(3);
  });

  it('says what is wrong with a login, and never the password', async () => {
    const server = await startServer('--requirepass', 'right');
    const wrong = open(server.url.replace('//', '//:wr0ng@'));
    const none = open(server.url);
    const right = open(server.url.replace('//', '//:right@'));
    await until(() => right.redis.isUp && wrong.lines.length > 0 && none.lines.length > 0);
    expect(wrong.lines[0]).toMatch(/cannot be reached \(WRONGPASS/);
    expect(none.lines[0]).toMatch(/cannot be reached \(NOAUTH/);
    expect(JSON.stringify([wrong.lines, none.lines, right.lines])).not.toMatch(/wr0ng|right@/);
  });

  it('selects the database of the URL', async () => {
    const server = await startServer();
    const { redis } = open(`${server.url}/3`);
    await until(() => redis.isUp);
    await redis.send(['SET', 'here', '1']);
    expect(await server.command('DBSIZE')).toBe(0);
  });

  it('runs a script that the server has forgotten', async () => {
    const server = await startServer();
    const { redis, reports } = open(server.url);
    await until(() => redis.isUp);
    const compareAndSet = redisScript(
      `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
       redis.call('SET', KEYS[1], ARGV[2]) return 1`,
      (reply) => reply === 1,
    );
    await redis.send(['SET', 'k', 'a']);
    expect(await redis.run(compareAndSet, ['k'], ['a', 'b'])).toBe(true);
    expect(await redis.run(compareAndSet, ['k'], ['a', 'c'])).toBe(false);
    await redis.send(['SCRIPT', 'FLUSH']);
    expect(await redis.run(compareAndSet, ['k'], ['b', 'c'])).toBe(true);
    expect(await redis.send(['GET', 'k'])).toBe('c');
    expect(reports).not.toContain('command');
    const broken = redisScript('return redis.call("NONE")', () => true);
    await expect(redis.run(broken, [])).rejects.toThrow(/Unknown Redis command/);
  });

  it('counts a server that still loads its data as away', async () => {
    const slow = ['--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024'];
    const server = await startServer(...slow);
    await server.command('EVAL', `for i = 1, 2000 do redis.call('SET', i, i) end`, '0');
    await server.command('SAVE');
    const { redis } = open(server.url);
    await until(() => redis.isUp);
    const answers: Promise<unknown>[] = [];
    redis.onReconnect(() => answers.push(redis.send(['GET', '1000'])));
    await server.kill();
    await until(() => !redis.isUp);
    await server.start();
    await until(() => redis.isUp);
    expect(await Promise.all(answers)).toEqual(['1000']);
  });

  it('is refused for good after the shutdown', async () => {
    const server = await startServer();
    const { redis, lines } = open(server.url);
    await until(() => redis.isUp);
    redis.onApplicationShutdown();
    await expect(redis.send(['PING'])).rejects.toThrow(RedisUnavailable);
    expect(lines).toHaveLength(1);
  });

  it.each(['a server that answers', 'a server that is away', 'a server that hangs'])(
    'does not keep a process from ending: %s',
    async (state) => {
      const server = await startServer();
      if (state.endsWith('away')) await server.kill();
      if (state.endsWith('hangs')) server.pause();
      const module = pathToFileURL(resolve(DIST, 'service/redis/redis-connection.js')).href;
      const script = `
        const { RedisConnection } = await import(${JSON.stringify(module)});
        const nothing = () => undefined;
        const reports = { linkIsUp: nothing, failed: nothing };
        const redis = new RedisConnection('${server.url}', { log: nothing, warn: nothing, error: nothing }, reports);
        redis.open();
        redis.subscribe('channel', nothing);
        await new Promise((resolve) => setTimeout(resolve, 500));`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
      expect(await once(child, 'close')).toEqual([0, null]);
      server.resume();
    },
  );
});

describe('a server that refuses writes is not one that is away', () => {
  const FULL = 'is full: it answers, and stores nothing new. Raise its maxmemory';
  const REPLICA = 'is a read-only replica: it answers, and stores nothing. Let REDIS_URL name the primary';
  const DISK =
    'cannot save its data to its disk, and therefore stores nothing: it is read-only. Look at its log';

  /** Brings a server into the state, and returns what ends the state. */
  const full = async (server: RedisServer): Promise<() => Promise<unknown>> => {
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    return () => server.command('CONFIG', 'SET', 'maxmemory', '0');
  };
  const replica = async (server: RedisServer): Promise<() => Promise<unknown>> => {
    const primary = await startServer();
    await server.command('REPLICAOF', '127.0.0.1', String(primary.port));
    return () => server.command('REPLICAOF', 'NO', 'ONE');
  };
  const diskFails = async (server: RedisServer): Promise<() => Promise<unknown>> => {
    rmSync(server.folder, { recursive: true });
    await server.command('SET', 'a', '1');
    await server.command('BGSAVE');
    await vi.waitFor(async () => {
      expect(await server.command('INFO', 'persistence')).toContain('rdb_last_bgsave_status:err');
    });
    mkdirSync(server.folder);
    return () => server.command('CONFIG', 'SET', 'stop-writes-on-bgsave-error', 'no');
  };

  it.each([
    ['full', full, 'full', FULL],
    ['a read-only replica', replica, 'read_only', REPLICA],
    ['unable to save', diskFails, 'read_only', DISK],
  ])('%s', async (_, begin, kind, sentence) => {
    const server = await startServer('--save', '3600 1');
    const { redis, lines, reports } = open(server.url);
    await until(() => redis.isUp);
    await redis.send(['SET', 'kept', 'yes']);
    const end = await begin(server);
    await expect(redis.send(['SET', 'new', '1'])).rejects.toThrow();
    expect(redis.refusal?.kind).toBe(kind);
    expect(redis.problem()).toContain(`Redis at 127.0.0.1:${server.port} ${sentence}`);
    const script = redisScript(`return redis.call('SET', KEYS[1], '1')`, () => true);
    await expect(redis.run(script, ['new'])).rejects.toThrow();
    // It answers what reads, and pings. A second connection is up too.
    expect(await redis.send(['GET', 'kept'])).toBe('yes');
    const second = open(server.url);
    await until(() => second.redis.isUp);
    await end();
    await until(() => redis.refusal === null);
    expect(redis.isUp).toBe(true);
    expect(redis.problem()).toBeNull();
    expect(await redis.send(['SET', 'new', '1'])).toBe('OK');
    expect(lines.slice(1)).toEqual([
      expect.stringContaining(`warn: Redis at 127.0.0.1:${server.port} ${sentence}`),
      expect.stringMatching(/^info: Redis at .* takes writes again after \d+ ms$/),
    ]);
    expect(reports).toEqual(['commands down', 'commands up', kind, 'refused', 'refused', 'takes writes']);
  });

  it('and is away when it goes, whatever it refused before', async () => {
    const server = await startServer();
    const { redis, lines } = open(server.url);
    await until(() => redis.isUp);
    await full(server);
    await expect(redis.send(['SET', 'new', '1'])).rejects.toThrow(/OOM/);
    await server.kill();
    await until(() => !redis.isUp);
    expect(redis.refusal).toBeNull();
    expect(redis.problem()).toMatch(/ is not connected \(/);
    await server.start();
    await until(() => redis.isUp);
    expect(lines.map((line) => line.replace(/.* (connected|full|gone|back).*/, '$1'))).toEqual([
      'connected',
      'full',
      'gone',
      'back',
    ]);
  });
});

describe('subscriptions', () => {
  it('outlive the connection; whoever needs what was missed is told when to read it', async () => {
    const server = await startServer();
    const { redis, lines, reports } = open(server.url);
    const heard: string[] = [];
    let reconnects = 0;
    redis.onReconnect(() => reconnects++);
    redis.subscribe('a', (message) => heard.push(`a ${message}`));
    redis.subscribe('b', (message) => heard.push(`b ${message}`));
    await until(() => reconnects === 1);
    await redis.send(['PUBLISH', 'a', 'one']);
    await redis.send(['PUBLISH', 'b', 'two']);
    await until(() => heard.length === 2);
    await server.kill();
    await until(() => !redis.isUp);
    await server.start();
    await until(() => reconnects === 2);
    // From here on nothing is missed.
    expect(await redis.send(['PUBLISH', 'a', 'three'])).toBe(1);
    await until(() => heard.length === 3);
    expect(heard).toEqual(['a one', 'b two', 'a three']);
    expect(lines).toHaveLength(3);
    expect(reports).toContain('subscriptions up');
  });

  it('can begin and end at any time, and a listener that fails spares the others', async () => {
    const server = await startServer();
    const { redis, lines } = open(server.url);
    await until(() => redis.isUp);
    const heard: string[] = [];
    const listen = (name: string) => (): void => {
      heard.push(name);
    };
    redis.subscribe('a', () => {
      throw new Error('of its own');
    });
    const endFirst = redis.subscribe('a', listen('first'));
    const count = async (): Promise<unknown> => redis.send(['PUBLISH', 'a', 'x']);
    await vi.waitFor(async () => {
      expect(await count()).toBe(1);
    });
    await until(() => heard.length > 0);
    const endLate = redis.subscribe('late', listen('late'));
    await vi.waitFor(async () => {
      expect(await redis.send(['PUBLISH', 'late', 'x'])).toBe(1);
    });
    await until(() => heard.includes('late'));
    endFirst();
    endLate();
    await vi.waitFor(async () => {
      expect(await redis.send(['PUBLISH', 'late', 'x'])).toBe(0);
    });
    const before = heard.length;
    expect(await count()).toBe(1);
    await until(() => lines.filter((line) => line.includes('of its own')).length >= 2);
    expect(heard).toHaveLength(before);
    expect(lines.at(-1)).toBe('error: a listener to the Redis channel a failed: of its own');
  });
});
