import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { NO_REDIS, RedisServer } from './redis-harness.js';
import { configFile, folder, RolloutService, texts } from './rollout-harness.js';

const WAIT = { timeout: 30_000, interval: 20 };
const TEXTS = texts(40);
const REGISTRY = resolve(import.meta.dirname, '../../model-registry');

const config = (percent: number, canary = 'v2'): string => `
rollout:
  sentiment:
    stable: v1
    canary: ${canary}
    mode: auto
    steps: [{ percent: ${percent}, hold: 1h }, { percent: 100, hold: 1h }]
    comparison: { sample_percent: 100, budget_percent: 100 }
    gates: { minimum_samples: 1000000 }
`;

let redis: RedisServer;
let replicas: RolloutService[] = [];

const replica = (file: string, settings: Readonly<Record<string, string>> = {}): Promise<RolloutService> =>
  RolloutService.start({ REDIS_URL: redis.url, SERIN_CONFIG: file, ...settings });

/** Where replica 1 keeps what it knows. */
let stateDir: string;

async function startThree(file = configFile(config(50))): Promise<void> {
  stateDir = folder();
  replicas = await Promise.all([replica(file), replica(file, { STATE_DIR: stateDir }), replica(file)]);
  await all((view) => view.phase === 'running' && view.percent === 50);
}

type View = Awaited<ReturnType<RolloutService['view']>>;

const all = (matches: (view: View) => boolean): Promise<View[]> =>
  Promise.all(replicas.map((each) => each.viewThat(matches)));

const at = (i: number): RolloutService => {
  const found = replicas[i];
  if (found === undefined) throw new Error('no such replica');
  return found;
};

async function stopAll(): Promise<void> {
  const pids = replicas.map(({ service }) => service);
  replicas = [];
  for (const service of pids) service.signal('SIGKILL');
  await Promise.all(pids.map((service) => service.ended()));
}

/** The replica that decides. */
async function leader(): Promise<RolloutService> {
  return vi.waitFor(async () => {
    const holder = String(await redis.command('GET', 'serin:rollout:1:lease'));
    const found = replicas.find(({ service }) => holder.includes(`:${service.pid}:`));
    if (found === undefined) throw new Error(`${holder} is none of ours`);
    return found;
  }, WAIT);
}

/** Sends batches to every replica until told to stop; when the last one that met the canary was answered. */
function traffic(): { stop: () => Promise<number>; rounds: () => number } {
  let isStopped = false;
  let lastCanaryAt = 0;
  const rounds = replicas.map(() => 0);
  const loops = replicas.map(async (each, i) => {
    while (!isStopped) {
      // Other texts each time: an answer from the cache would be there at once.
      const versions = await each.versions(texts(10, 10_000 + 10 * (rounds[i] ?? 0)));
      if (versions.includes('v2')) lastCanaryAt = Math.max(lastCanaryAt, performance.now());
      rounds[i] = (rounds[i] ?? 0) + 1;
    }
  });
  return {
    rounds: () => Math.min(...rounds),
    stop: async () => {
      isStopped = true;
      await Promise.all(loops);
      return lastCanaryAt;
    },
  };
}

describe.skipIf(NO_REDIS)('one rollout for three replicas', () => {
  beforeAll(async () => {
    redis = await RedisServer.start();
    await startThree();
  });
  afterAll(async () => {
    await stopAll();
    await redis.remove();
  });

  it('begins once, however many are started with the same file', async () => {
    const views = await all(({ revision }) => revision > 0);
    expect(new Set(views.map(({ rollout_id: id }) => id)).size).toBe(1);
    expect(views.map(({ history }) => history.map(({ move }) => move))).toEqual([
      ['start'],
      ['start'],
      ['start'],
    ]);
    const splits = await Promise.all(replicas.map((each) => each.versions(TEXTS)));
    expect(splits[1]).toEqual(splits[0]);
    expect(splits[2]).toEqual(splits[0]);
    expect(new Set(splits[0])).toEqual(new Set(['v1', 'v2']));
  });

  it('lets one of two writers win', async () => {
    const { revision } = await at(0).view();
    const answers = await Promise.all([
      at(0).put({ percent: 30, revision }),
      at(1).put({ percent: 40, revision }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const loser = answers.find(({ status }) => status === 409);
    expect(await loser?.json()).toMatchObject({ code: 'CONFLICT' });
    const percent = answers[0].status === 200 ? 30 : 40;
    await all((view) => view.revision === revision + 1 && view.percent === percent);
    expect((await at(2).put({ percent: 50 })).status).toBe(200);
    await all((view) => view.percent === 50);
  });

  it('adds up what all have seen, and counts no text twice', async () => {
    expect((await at(0).put({ percent: 100 })).status).toBe(200);
    await all((view) => view.percent === 100);
    const before = (await at(0).view()).figures?.step.canary.requests ?? 0;
    const some = texts(12, 1000);
    let sent = 0;
    const pairs = (view: View): number => view.figures?.step.pairs.texts ?? 0;
    await vi.waitFor(
      async () => {
        for (const text of some) {
          await Promise.all(replicas.map((each) => each.versions([text])));
          sent += replicas.length;
        }
        const view = await at(0).view();
        if (pairs(view) < some.length) throw new Error(`${pairs(view)} texts were compared`);
      },
      { timeout: 30_000, interval: 500 },
    );
    // Each replica has compared each text, and all of them together count it once.
    const views = await all(
      ({ figures }) =>
        figures?.step.canary.requests === before + sent &&
        figures.step.pairs.traffic_texts >= 3 * some.length,
    );
    const known = TEXTS.length + some.length;
    for (const { figures } of views) expect(figures?.total.pairs.texts).toBeLessThanOrEqual(known);
  });

  it('holds one replica at 0 that has CANARY_PERCENT=0, and nobody else', async () => {
    const held = await replica(configFile(config(50)), { CANARY_PERCENT: '0' });
    const view = await held.viewThat(({ revision }) => revision > 0);
    expect(view).toMatchObject({ percent: 0, state_percent: 100, decided_by: 'canary_percent_0' });
    expect(new Set(await held.versions(TEXTS))).toEqual(new Set(['v1']));
    expect(new Set(await at(0).versions(TEXTS))).toEqual(new Set(['v2']));
    expect(await held.service.stop()).toBe(0);
  });

  it('goes on when the one that decides is killed, and loses nothing that was published', async () => {
    const before = (await at(0).view()).figures?.total.canary.requests ?? 0;
    expect(before).toBeGreaterThan(0);
    // What others see has been published.
    await all(({ figures }) => figures?.total.canary.requests === before);
    const killed = await leader();
    killed.service.signal('SIGKILL');
    await killed.service.ended();
    replicas = replicas.filter((each) => each !== killed);
    const { step } = await at(0).view();
    const next = await leader();
    await next.viewThat((view) => (view.step?.elapsed_ms ?? 0) > (step?.elapsed_ms ?? 0));
    const views = await all(({ figures }) => figures !== null);
    for (const { figures } of views) expect(figures?.total.canary.requests).toBeGreaterThanOrEqual(before);
    // A new one in its place follows and sees what the dead one has seen.
    replicas.push(await replica(configFile(config(50))));
    await all(({ figures }) => (figures?.total.canary.requests ?? 0) >= before);
  });

  it('is rolled back everywhere within a second', async ({ annotate }) => {
    const load = traffic();
    await vi.waitFor(() => {
      if (load.rounds() < 2) throw new Error('not under load yet');
    }, WAIT);
    expect((await at(1).post('rollback', { reason: 'worse' })).status).toBe(200);
    const answeredAt = performance.now();
    await all(({ phase }) => phase === 'rolled_back');
    const rounds = load.rounds();
    await vi.waitFor(() => {
      if (load.rounds() < rounds + 3) throw new Error('not yet');
    }, WAIT);
    const lastCanaryAt = await load.stop();
    expect(lastCanaryAt).toBeGreaterThan(0);
    await annotate(`${Math.round(lastCanaryAt - answeredAt)} ms from the answer to the last canary answer`);
    expect(lastCanaryAt - answeredAt).toBeLessThan(1000);
  });

  it('leaves a report with whoever decides next when all that saw it are gone, of what is still known', async () => {
    await stopAll();
    const STATE_DIR = folder();
    replicas.push(await replica(configFile(config(50)), { STATE_DIR }));
    const { msg } = await at(0).service.line(({ msg: said }) => said.startsWith('the report of the rollout'));
    const report = readFileSync(msg.slice('the report of the rollout: '.length), 'utf8');
    expect(report).toContain('**Decision: ROLLED BACK v2 to v1, by admin: rollback: worse**');
    expect(report).toMatch(
      /What was measured is not at hand.* The last move says: .* requests to the canary/,
    );
  });
});

describe.skipIf(NO_REDIS)('replicas without their Redis', () => {
  beforeAll(async () => {
    redis = await RedisServer.start();
    await startThree();
  });
  afterAll(async () => {
    await stopAll();
    await redis.remove();
  });

  it('keep the split, promote nothing, and a rollback of one is one of all when Redis is back', async () => {
    const before = await at(0).versions(TEXTS);
    const held = String(await redis.command('GET', 'serin:rollout:1:sentiment'));
    await redis.kill();
    await all(({ problems }) => problems.some((problem) => problem.includes('Redis is away')));
    for (const each of replicas) expect(await each.versions(TEXTS)).toEqual(before);
    const promotion = await at(0).post('promote');
    expect(promotion.status).toBe(503);
    expect(await promotion.json()).toMatchObject({ code: 'STATE_UNAVAILABLE' });
    expect((await at(0).put({ percent: 80 })).status).toBe(503);
    expect((await at(0).indicator('rollout')).status).not.toBe('up');

    expect((await at(1).post('rollback', { reason: 'worse' })).status).toBe(200);
    expect(new Set(await at(1).versions(TEXTS))).toEqual(new Set(['v1']));
    expect(await at(0).versions(TEXTS)).toEqual(before);

    // Nor is it forgotten by a restart.
    at(1).service.signal('SIGKILL');
    await at(1).service.ended();
    replicas[1] = await replica(configFile(config(50)), { STATE_DIR: stateDir });
    expect((await at(1).view()).phase).toBe('rolled_back');

    // What comes back may be older than what is known here.
    await redis.start();
    await redis.command('SET', 'serin:rollout:1:sentiment', held);
    const views = await all(({ phase, problems }) => phase === 'rolled_back' && problems.length === 0);
    expect(new Set(views.map(({ revision }) => revision)).size).toBe(1);
    for (const each of replicas) expect(new Set(await each.versions(TEXTS))).toEqual(new Set(['v1']));
  });
});

describe.skipIf(NO_REDIS)('replicas with files of their own', () => {
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterEach(stopAll);
  afterAll(() => redis.remove());

  it('begin what changed files say once, load what it names, and follow a promotion', async () => {
    const files = [configFile(config(50, 'null')), configFile(config(50, 'null'))];
    replicas = await Promise.all(files.map((file) => replica(file)));
    const promoter = await leader();
    await all(({ problems }) => problems.length === 0);
    for (const file of files) writeFileSync(file, config(20));
    const views = await all(({ percent }) => percent === 20);
    expect(views.map(({ history }) => history.filter(({ to }) => to.percent === 20).length)).toEqual([1, 1]);
    await promoter.viewThat(({ canary }) => canary?.state === 'ready');
    expect((await promoter.post('promote')).status).toBe(200);
    const follows = async (each: RolloutService): Promise<void> => {
      await each.viewThat(({ phase, problems }) => phase === 'promoted' && problems.length === 0);
      expect(new Set(await each.versions(TEXTS))).toEqual(new Set(['v2']));
    };
    await Promise.all(replicas.map(follows));
  });

  it('go on answering with the former stable version where the promoted one is not to be had', async () => {
    await redis.command('FLUSHALL');
    const registry = folder();
    mkdirSync(join(registry, 'sentiment'));
    symlinkSync(join(REGISTRY, 'sentiment/v1'), join(registry, 'sentiment/v1'));
    const without = configFile('rollout: { sentiment: { stable: v1 } }');
    replicas = [await replica(configFile(config(50))), await replica(without, { MODEL_REGISTRY: registry })];
    await at(0).viewThat(({ percent }) => percent === 50);
    expect((await at(0).post('promote')).status).toBe(200);
    const { problems } = await at(1).viewThat(({ phase }) => phase === 'promoted');
    expect(problems.join(' ')).toContain('v2 is not ready here: v1 answers');
    expect(new Set(await at(1).versions(TEXTS))).toEqual(new Set(['v1']));
    expect(new Set(await at(0).versions(TEXTS))).toEqual(new Set(['v2']));
  });
});
