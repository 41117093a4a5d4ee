import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Service, type LogLine, type Settings } from './harness.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';

interface Answer {
  readonly label: string;
  readonly score: number;
  readonly model_version: string;
  readonly cache_hit: boolean;
  readonly request_id: string;
}

const TEXTS = Array.from(
  { length: 40 },
  (_, i) => `Film number ${i} is ${i % 2 === 0 ? 'wonderful' : 'dreadful'}.`,
);

/** Patient, for machines that do much else. */
const PATIENT: Settings = { REQUEST_TIMEOUT_MS: '20000' };

// Each test starts the service, on a machine that may do much else.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let server: RedisServer;
const services: Service[] = [];

const start = async (settings: Settings = {}): Promise<Service> => {
  const service = await Service.start({ ...PATIENT, REDIS_URL: server.url, ...settings });
  services.push(service);
  return service;
};

const ask = async (service: Service, text: string, headers: Record<string, string> = {}): Promise<Answer> => {
  const response = await service.post('/predict', { text }, headers);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
};

const askAll = (service: Service, texts = TEXTS): Promise<Answer[]> =>
  Promise.all(texts.map((text) => ask(service, text)));

const said = (answer: Answer | undefined): unknown => ({ label: answer?.label, score: answer?.score });

const levelOf = async (service: Service, answer: Answer): Promise<unknown> =>
  (await service.requestLine(answer.request_id)).cache_level;

const aboutRedis = ({ lines }: Service): LogLine[] => lines.filter(({ context }) => context === 'Redis');

/** The value of one series of GET /metrics; NaN when it is not there. */
const metric = async (service: Service, series: string): Promise<number> => {
  const text = await (await service.fetch('/metrics')).text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? NaN);
};

const redisHas = async (entries: number): Promise<void> => {
  await vi.waitFor(
    async () => {
      expect(await server.command('KEYS', 'serin:cache:*')).toHaveLength(entries);
    },
    { timeout: 15_000, interval: 20 },
  );
};

/** Both connections: each comes back after a wait of its own, and only then is Redis said to be back. */
const redisIsUp = (service: Service, up: 0 | 1): Promise<void> =>
  vi.waitFor(
    async () => {
      for (const link of ['commands', 'subscriptions']) {
        expect(await metric(service, `serin_redis_up{link="${link}"}`)).toBe(up);
      }
    },
    { timeout: 15_000, interval: 20 },
  );

beforeAll(async () => {
  if (NO_REDIS === null) server = await RedisServer.start();
});

afterAll(async () => {
  if (NO_REDIS === null) await server.remove();
});

beforeEach(({ skip }) => {
  skip(NO_REDIS !== null, NO_REDIS ?? '');
});

afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop()));
});

describe('processes on one Redis', () => {
  let first: Service;
  let computed: Answer[];

  beforeAll(async () => {
    if (NO_REDIS !== null) return;
    await server.command('FLUSHALL');
    first = await Service.start({ ...PATIENT, REDIS_URL: server.url });
    // A service is ready before its Redis is, and does not write to one that is not there yet.
    await redisIsUp(first, 1);
    computed = await askAll(first);
    expect(new Set(computed.map((answer) => answer.model_version))).toEqual(new Set(['v1']));
    await redisHas(TEXTS.length);
  });

  afterAll(async () => {
    if (NO_REDIS === null) await first.stop();
  });

  it('share their answers: what one has computed, the other finds in Redis, and then in its memory', async () => {
    const second = await start();
    await redisIsUp(second, 1);
    const [singles, batched] = [TEXTS.slice(0, 30), TEXTS.slice(30)];
    const levels: Record<string, number> = {};
    for (const [i, text] of singles.entries()) {
      const answer = await ask(second, text);
      expect(said(answer)).toEqual(said(computed[i]));
      const level = String(await levelOf(second, answer));
      expect(answer.cache_hit).toBe(level !== 'undefined');
      levels[level] = (levels[level] ?? 0) + 1;
    }
    // A look-up may miss its deadline on a busy machine; that it never does would be luck.
    expect(levels.redis).toBeGreaterThan(singles.length / 2);
    expect(levels.memory).toBeUndefined();
    for (const answer of await askAll(second, singles)) expect(await levelOf(second, answer)).toBe('memory');
    expect(await metric(second, 'serin_cache_hits_total{level="redis"}')).toBe(levels.redis);

    const lookups = async (): Promise<number[]> =>
      Promise.all(
        ['answered', 'too_late'].map((each) =>
          metric(second, `serin_redis_lookups_total{outcome="${each}"}`),
        ),
      );
    const [answered = NaN, tooLate = NaN] = await lookups();
    const texts = [...batched, 'A text that nobody has asked for.'];
    const { results, request_id: id } = (await (await second.post('/predict_batch', { texts })).json()) as {
      results: Answer[];
      request_id: string;
    };
    const hits = results.filter(({ cache_hit: hit }) => hit).length;
    expect((await second.requestLine(id)).cache_hits).toBe(hits);
    // One round trip for all of them: they come together or not at all.
    expect([0, batched.length]).toContain(hits);
    expect(await lookups()).toEqual(hits > 0 ? [answered + 1, tooLate] : [answered, tooLate + 1]);
  });

  it('never answer with another version: not once, over all that the old one has left behind', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'serin-stable-'));
    try {
      const config = join(folder, 'serin.config.yaml');
      writeFileSync(config, 'rollout:\n  sentiment: { stable: v2 }\n');
      const fresh = await start({ SERIN_CONFIG: config });
      await redisIsUp(fresh, 1);
      const answers = await askAll(fresh);
      expect(answers.filter((answer) => answer.model_version !== 'v2' || answer.cache_hit)).toEqual([]);
      const afresh = await Promise.all(
        TEXTS.map((text) => ask(fresh, text, { 'cache-control': 'no-cache' })),
      );
      expect(answers.map(said)).toEqual(afresh.map(said));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('take nothing for an answer that is none', async () => {
    const keys = (await server.command('KEYS', 'serin:cache:*')) as string[];
    expect(keys.length).toBeGreaterThanOrEqual(TEXTS.length);
    const garbage = ['', 'garbage', '[1,5,0,0.5]', '[7,5,0,0.5,0.5]', '[1,5,0,2,-1]', '{"label":"POSITIVE"}'];
    for (const [i, key] of keys.entries()) {
      await server.command('SET', key, garbage[i % garbage.length] ?? '');
    }
    const second = await start();
    await redisIsUp(second, 1);
    const answers = await askAll(second);
    expect(answers.filter((answer) => answer.cache_hit)).toEqual([]);
    expect(answers.map(said)).toEqual(computed.map(said));
  });
});

describe('a Redis that fails', () => {
  it('fails no request: killed and back under 32 connections', async () => {
    const service = await start();
    let stopped = false;
    const statuses: Record<number, number> = {};
    const connection = async (number: number): Promise<void> => {
      for (let i = 0; !stopped; i++) {
        const text = i % 3 === 0 ? `New text ${number} ${i}` : (TEXTS[(number + i) % TEXTS.length] ?? '');
        const { status } = await service.post('/predict', { text });
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    };
    const answered = async (more: number): Promise<void> => {
      const goal = (statuses[200] ?? 0) + more;
      await vi.waitFor(
        () => {
          if ((statuses[200] ?? 0) < goal) throw new Error(`${statuses[200] ?? 0} of ${goal} answers`);
        },
        { timeout: 20_000, interval: 10 },
      );
    };
    const load = Promise.all(Array.from({ length: 32 }, (_, number) => connection(number)));
    try {
      await answered(100);
      for (let outage = 0; outage < 2; outage++) {
        await server.kill();
        await redisIsUp(service, 0);
        await answered(100);
        await server.start();
        await redisIsUp(service, 1);
        await answered(100);
      }
    } finally {
      stopped = true;
      await load;
    }
    expect(Object.keys(statuses)).toEqual(['200']);
    expect(
      aboutRedis(service).map(
        ({ level, msg }) => `${level}: ${msg.replace(/.*(connected|gone|back).*/, '$1')}`,
      ),
    ).toEqual(['info: connected', 'warn: gone', 'info: back', 'warn: gone', 'info: back']);
  });

  it('hangs, and answers go on: the breaker opens, and closes when it answers again', async () => {
    const service = await start();
    await redisIsUp(service, 1);
    server.pause();
    try {
      const series = 'serin_redis_breaker_state{state="open"}';
      await vi.waitFor(
        async () => {
          await askAll(
            service,
            Array.from({ length: 4 }, (_, i) => `New text ${performance.now()} ${i}`),
          );
          expect(await metric(service, series)).toBe(1);
        },
        { timeout: 15_000, interval: 1 },
      );
      expect(await metric(service, 'serin_redis_lookups_total{outcome="too_late"}')).toBeGreaterThanOrEqual(
        5,
      );
      await askAll(service);
    } finally {
      server.resume();
    }
    await redisIsUp(service, 1);
    await vi.waitFor(
      async () => {
        await ask(service, `New text ${performance.now()}`);
        expect(await metric(service, 'serin_redis_breaker_state{state="closed"}')).toBe(1);
      },
      { timeout: 15_000, interval: 20 },
    );
  });

  it('is not waited for, neither at the start nor at the end', async () => {
    server.pause();
    try {
      const service = await start();
      await ask(service, 'A start without an answer of Redis.');
      expect(await service.stop()).toBe(0);
      expect(service.stderr).toBe('');
    } finally {
      server.resume();
    }
  });

  it('is full: it is said to be full, not away, and answers go on', async () => {
    const small = await RedisServer.start('--maxmemory', '1');
    try {
      const service = await start({ REDIS_URL: small.url });
      const health = async (): Promise<{ status: string; details: Record<string, { reason?: string }> }> =>
        (await (await service.fetch('/health')).json()) as never;
      await vi.waitFor(
        async () => {
          const { status, details } = await health();
          expect(status).not.toBe('error');
          expect(details.redis?.reason).toMatch(
            /is full: it answers, and stores nothing new\. Raise its maxmemory/,
          );
          expect(details.rollout?.reason).toMatch(
            /^Redis is full: this replica goes on .* Raise its maxmemory/,
          );
        },
        { timeout: 15_000, interval: 20 },
      );
      await askAll(service);
      expect(await metric(service, 'serin_redis_refuses_writes{why="full"}')).toBe(1);
      expect(await metric(service, 'serin_redis_up{link="commands"}')).toBe(1);
      expect(await metric(service, 'serin_redis_dropped_writes_total{reason="refused"}')).toBe(TEXTS.length);
      await small.command('CONFIG', 'SET', 'maxmemory', '0');
      await vi.waitFor(
        async () => {
          const { details } = await health();
          expect([details.redis, details.rollout]).toEqual([{ status: 'up' }, { status: 'up' }]);
        },
        { timeout: 15_000, interval: 20 },
      );
      expect(await metric(service, 'serin_redis_refuses_writes{why="full"}')).toBe(0);
      await service.line(({ context, msg }) => context === 'Redis' && msg.includes('takes writes again'));
      const said = aboutRedis(service).map(({ msg }) =>
        msg.replace(/.* (connected|is full|writes again).*/, '$1'),
      );
      expect(said).toEqual(['connected', 'is full', 'writes again']);
      expect(service.lines.filter(({ msg }) => msg.includes('cannot be shared'))).toEqual([]);
    } finally {
      await small.remove();
    }
  });

  it('refuses the login: it is said once, without the password, and everything is served', async () => {
    const locked = await RedisServer.start('--requirepass', 'right');
    try {
      const service = await start({ REDIS_URL: locked.url.replace('//', '//serin:wr0ng@') });
      await vi.waitFor(async () => {
        expect(await metric(service, 'serin_redis_errors_total{failure="connect"}')).toBeGreaterThan(1);
      });
      await ask(service, 'Served all the same.');
      expect(aboutRedis(service).map(({ msg }) => msg)).toEqual([
        expect.stringMatching(/^Redis at 127.0.0.1:\d+ cannot be reached \(WRONGPASS/),
      ]);
      expect(JSON.stringify(service.lines)).not.toContain('wr0ng');
    } finally {
      await locked.remove();
    }
  });
});

it('a URL that is none stops the start, and is not shown', async () => {
  const service = Service.spawn({ REDIS_URL: 'redis//:hush@localhost' });
  expect(await service.ended()).toBe(2);
  expect(service.stderr).toMatch(/REDIS_URL \(environment\): allowed is redis:\/\//);
  expect(service.stderr).not.toContain('hush');
});
