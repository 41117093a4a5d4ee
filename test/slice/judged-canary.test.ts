import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../src/base/errors/app-error.js';
import { TempRegistry } from '../support/temp-registry.js';
import { configFile, folder, RolloutSlice, texts } from './rollout-slice.js';

let rollout: RolloutSlice | undefined;
let registry: TempRegistry | undefined;

/** A canary of half the traffic whose labels are swapped: it is wrong about every text. */
async function startWrongCanary(settings: Record<string, string> = {}): Promise<RolloutSlice> {
  registry = new TempRegistry();
  registry.addVersion('wrong', { labels: ['POSITIVE', 'NEGATIVE'] });
  rollout = await RolloutSlice.start({
    STATE_DIR: folder(),
    MODEL_REGISTRY: registry.folder,
    REQUEST_TIMEOUT_MS: '30000',
    CACHE_MAX_ITEMS: '0',
    SERIN_CONFIG: configFile(`
rollout:
  sentiment:
    stable: v1
    canary: wrong
    mode: auto
    percent: 50
    steps: [{ percent: 5, hold: 1h }, { percent: 100, hold: 1h }]
`),
    ...settings,
  });
  return rollout;
}

afterEach(async () => {
  await rollout?.service.stop();
  registry?.delete();
  rollout = registry = undefined;
});

/** From now on users always wait, and a worker is missing. */
function overload({ service: { executor } }: RolloutSlice): void {
  const status = executor.status.bind(executor);
  vi.spyOn(executor, 'status').mockImplementation(() => ({
    ...status(),
    queuedTexts: 40,
    workersReady: 0,
  }));
}

describe('a canary that is wrong about every text', () => {
  it('is rolled back by its first answers, though users wait all the time', async () => {
    const wrong = await startWrongCanary();
    overload(wrong);
    expect(new Set(await wrong.versions(texts(100)))).toEqual(new Set(['v1', 'wrong']));
    const view = await wrong.viewThat(({ phase }) => phase === 'rolled_back');
    expect(view.history.at(-1)).toMatchObject({
      cause: { by: 'gate', detail: expect.stringMatching(/^disagreement: .*100 %/) as string },
    });
    // Far fewer than the minimum of samples.
    expect(view.history.at(-1)?.figures?.pairs).toBeLessThanOrEqual(50);
    expect(new Set(await wrong.versions(texts(40)))).toEqual(new Set(['v1']));
  });
});

describe('the status of a rollout', () => {
  it('says how long a verdict takes at this traffic, and that it is not known when nothing comes', async () => {
    const equal = await startWrongCanary({
      SERIN_CONFIG: configFile(
        'rollout:\n  sentiment: { stable: v1, canary: v2, percent: 50, gates: { minimum_samples: 1000 } }\n',
      ),
    });
    expect(await equal.viewThat(({ verdict_estimate: now }) => now?.pairs_per_minute === 0)).toMatchObject({
      verdict_estimate: { ms: null, pairs_left: 1000, answers_left: 1000 },
    });
    await equal.versions(texts(80));
    const view = await equal.viewThat(({ verdict_estimate: now }) => (now?.pairs_per_minute ?? 0) > 0);
    const { ms, pairs_left: left, pairs_per_minute: rate } = view.verdict_estimate ?? {};
    expect(left).toBe(1000 - (view.figures?.total.pairs.texts ?? 0));
    expect(ms).toBeGreaterThanOrEqual(((left ?? 0) / (rate ?? 1)) * 60_000 - 1);
    await equal.post('rollback');
    expect((await equal.view()).verdict_estimate).toBeNull();
  });
});

describe('a canary whose answers cannot be compared', () => {
  it('is a problem of the status and of health after 200 answers, and its share is held until there is a pair', async () => {
    const wrong = await startWrongCanary();
    const { executor } = wrong.service;
    overload(wrong);
    const submit = executor.submit.bind(executor);
    const refusing = vi.spyOn(executor, 'submit').mockImplementation((items, priority) => {
      if (items[0]?.origin === 'internal') throw new AppError('OVERLOADED', 'full');
      return submit(items, priority);
    });
    let sent = 0;
    const canaryAnswers = async (): Promise<number> => {
      const versions = await wrong.versions(texts(40, (sent += 40)));
      return versions.filter((version) => version === 'wrong').length;
    };
    let answers = 0;
    while (answers <= 200) {
      expect(await wrong.view()).toMatchObject({ percent: 50, problems: [] });
      answers += await canaryAnswers();
    }
    const problem =
      /^The canary wrong of sentiment has given more than 200 answers in this step, and none was compared with the stable version: its share is held at 5 %/;
    const held = await wrong.view();
    expect(held).toMatchObject({
      phase: 'running',
      percent: 5,
      state_percent: 50,
      verdict: { verdict: 'not_enough_data' },
      problems: [expect.stringMatching(problem)],
    });
    expect(held.decided_because).toContain('held at 5 %');
    expect(await wrong.indicator('rollout')).toMatchObject({
      status: 'degraded',
      reason: expect.stringMatching(problem) as string,
    });
    await vi.waitFor(async () => {
      expect(await (await wrong.service.fetch('/metrics')).text()).toContain(
        'serin_canary_unjudged{model="sentiment"} 1',
      );
    }, 10_000);
    // In force at the next tick: about 2 of 40 texts and not 20.
    await vi.waitFor(async () => {
      expect(await canaryAnswers()).toBeLessThan(10);
    }, 10_000);

    refusing.mockRestore();
    const view = await vi.waitFor(async () => {
      await canaryAnswers();
      const now = await wrong.view();
      expect(now).toMatchObject({ phase: 'rolled_back', problems: [] });
      return now;
    }, 20_000);
    expect(view.history.at(-1)?.cause.by).toBe('gate');
    expect(await wrong.indicator('rollout')).toEqual({ status: 'up' });
  });
});
