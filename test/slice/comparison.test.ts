import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import type { WindowFigures } from '../../src/rollout/evidence/figures-view.js';
import { AppError } from '../../src/base/errors/app-error.js';
import type { InferenceItem } from '../../src/engine/dispatch/executor.js';
import { failByVersion } from '../support/fail-on-demand.js';
import { SliceApp, type Settings } from '../support/slice-app.js';

/** Sentences on which the two shipped versions disagree, or nearly so; which of them do is asked, not assumed. */
const CLOSE = [
  'a movie with a real anarchic flair .',
  'an absurdist comedy about alienation , separation and loss .',
  "a marvel like none you 've seen .",
  'but it still jingles in the pocket .',
];
const ADMIN = { authorization: 'Bearer let-me-in' };

const texts = (n: number, about: string): string[] =>
  Array.from({ length: n }, (_, i) => `film ${String(i)} was ${i % 2 === 0 ? 'a joy' : 'a bore'}, ${about}`);

let folder: string;
let service: SliceApp | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-comparison-'));
});

afterEach(async () => {
  await service?.stop();
  service = undefined;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** A service of its own state, whose canary v2 gets everything, unless `section` says otherwise. */
async function start(name: string, section = '', settings: Settings = {}): Promise<SliceApp> {
  const config = join(folder, `${name}.yaml`);
  const comparison = 'comparison: { sample_percent: 100, budget_percent: 100 }';
  const canary = section === '' ? `mode: manual, percent: 100, ${comparison}` : section;
  writeFileSync(config, `rollout:\n  sentiment: { stable: v1, canary: v2, ${canary} }\n`);
  const all = {
    SERIN_CONFIG: config,
    STATE_DIR: join(folder, name),
    ADMIN_TOKEN: 'let-me-in',
    CACHE_MAX_ITEMS: '0',
    ...settings,
  };
  service = await SliceApp.start(all);
  return service;
}

async function say(
  on: SliceApp,
  text: string,
  version?: string,
): Promise<{ label: string; model_version: string }> {
  const response = await on.post('/predict', { text, version });
  expect(response.status).toBe(200);
  return (await response.json()) as { label: string; model_version: string };
}

async function sayAll(on: SliceApp, all: readonly string[]): Promise<void> {
  for (const text of all) await say(on, text);
}

async function view(on: SliceApp): Promise<string> {
  return (await on.fetch('/admin/canary/sentiment', { headers: ADMIN })).text();
}

async function total(on: SliceApp): Promise<WindowFigures> {
  const { figures } = JSON.parse(await view(on)) as RolloutView;
  if (figures === null) throw new Error('no figures');
  return figures.total;
}

/** Comparisons come after the answers that they are about. */
const PATIENCE = { timeout: 20_000, interval: 20 };

/** The figures, once they are as expected. */
const figuresWith = async (on: SliceApp, expected: object): Promise<WindowFigures> =>
  vi.waitFor(async () => {
    const figures = await total(on);
    expect(figures).toMatchObject(expected);
    return figures;
  }, PATIENCE);

async function skipped(on: SliceApp, reason: string): Promise<number> {
  const metrics = await (await on.fetch('/metrics')).text();
  return Number(
    new RegExp(`^serin_comparison_skipped_total\\{reason="${reason}"\\} (\\d+)`, 'm').exec(metrics)?.[1],
  );
}

/** Texts that the workers have answered for each version. */
async function computed(on: SliceApp): Promise<readonly number[]> {
  const metrics = await (await on.fetch('/metrics')).text();
  return ['v1', 'v2'].map((version) => {
    const line = new RegExp(`^serin_batch_texts_sum\\{model="sentiment",version="${version}"\\} (\\d+)`, 'm');
    return Number(line.exec(metrics)?.[1] ?? 0);
  });
}

/** From now on the pool says that users wait and that a worker is missing. */
function overload(on: SliceApp): void {
  const status = on.executor.status.bind(on.executor);
  vi.spyOn(on.executor, 'status').mockImplementation(() => ({
    ...status(),
    queuedTexts: 40,
    workersReady: 0,
  }));
}

async function flips(on: SliceApp): Promise<string[]> {
  const differs = async (text: string): Promise<boolean> =>
    (await say(on, text, 'v1')).label !== (await say(on, text, 'v2')).label;
  const answers = await Promise.all(CLOSE.map(differs));
  return CLOSE.filter((_, i) => answers[i]);
}

describe('the comparison', () => {
  it('counts each distinct text once, over a restart too, and every pair in the rate of the traffic', async () => {
    const first = await start('distinct');
    const asked = texts(12, 'once');
    await sayAll(first, asked);
    await figuresWith(first, {
      pairs: { texts: 12, traffic_texts: 12 },
      canary: { requests: 12, errors: 0 },
    });
    await sayAll(first, asked);
    const twice = await figuresWith(first, { pairs: { texts: 12, traffic_texts: 24 } });
    expect(twice.canary.requests).toBe(24);
    expect(twice.stable.requests).toBe(0);
    expect(twice.canary.latency_p50_ms).toBeGreaterThan(0);
    expect(twice.stable.worker_us_per_padded_token).toBeGreaterThan(0);
    expect(twice.canary.worker_us_per_padded_token).toBeGreaterThan(0);

    await first.stop();
    const second = await start('distinct');
    await sayAll(second, [...asked, 'a film that was never asked about']);
    await figuresWith(second, { pairs: { texts: 13, traffic_texts: 37 }, canary: { requests: 37 } });
  });

  it('computes a text that repeats once', async () => {
    const on = await start('repeats', '', { CACHE_MAX_ITEMS: '100' });
    const [stableBefore = 0, canaryBefore = 0] = await computed(on);
    await say(on, 'the same film');
    await figuresWith(on, { pairs: { traffic_texts: 1 } });
    for (let i = 0; i < 5; i++) await say(on, 'the same film');
    await figuresWith(on, { pairs: { texts: 1, traffic_texts: 6 }, canary: { requests: 6 } });
    expect(await computed(on)).toEqual([stableBefore + 1, canaryBefore + 1]);
  });

  it('takes the other answer from the cache where it is', async () => {
    const on = await start('cached', '', { CACHE_MAX_ITEMS: '100' });
    const [stableBefore = 0, canaryBefore = 0] = await computed(on);
    await say(on, 'known to the stable version', 'v1');
    await say(on, 'known to the stable version');
    await figuresWith(on, { pairs: { texts: 1 } });
    expect(await computed(on)).toEqual([stableBefore + 1, canaryBefore + 1]);
  });

  it('leaves pinned requests out', async () => {
    const on = await start('pinned');
    for (const text of texts(5, 'pinned')) {
      await say(on, text, 'v1');
      await say(on, text, 'v2');
    }
    await say(on, 'a film of its own');
    const figures = await figuresWith(on, { pairs: { texts: 1, traffic_texts: 1 } });
    expect(figures.canary.requests).toBe(1);
    expect(figures.stable.requests).toBe(0);
  });

  it('counts every text of a batch, and no latency of it', async () => {
    const on = await start('batch');
    await on.post('/predict_batch', { texts: [...texts(4, 'in a batch'), ' '] });
    const figures = await figuresWith(on, { pairs: { texts: 4 }, canary: { requests: 4, errors: 0 } });
    expect(figures.canary.latency_p50_ms).toBeNull();
  });

  it('counts what one version fails and the other answers, and takes no refusal for a failure', async () => {
    const on = failByVersion(await start('errors'));
    const status = async (text: string): Promise<number> => (await on.post('/predict', { text })).status;
    expect(await status('fail on v2')).toBe(500);
    await figuresWith(on, { pairs: { canary_only_errors: 1, stable_only_errors: 0 } });
    expect(await status('fail on v1')).toBe(200);
    await figuresWith(on, { pairs: { canary_only_errors: 1, stable_only_errors: 1 } });
    expect(await status('fail on v1, fail on v2')).toBe(500);
    expect(await status('late on v2')).toBe(504);
    expect(await status('late on v1')).toBe(200);
    expect(await status('busy')).toBe(200);
    expect(await status('fine')).toBe(200);
    const figures = await figuresWith(on, {
      pairs: { texts: 1, canary_only_errors: 1, stable_only_errors: 1 },
    });
    // Four answers and two failures; the one that was late says nothing about the version.
    expect(figures.canary).toMatchObject({ requests: 6, errors: 2 });
    expect(await skipped(on, 'refused')).toBe(1);
    expect(await skipped(on, 'too_late')).toBe(1);
  });

  it('in shadow mode gives users the stable version and compares what it said', async () => {
    const on = await start(
      'shadow',
      'mode: shadow, comparison: { sample_percent: 100, budget_percent: 100 }',
    );
    for (const text of texts(6, 'in the shadow')) expect((await say(on, text)).model_version).toBe('v1');
    const figures = await figuresWith(on, { pairs: { texts: 6 } });
    expect(figures.stable.requests).toBe(6);
    expect(figures.canary.requests).toBe(0);
    expect(figures.canary.worker_us_per_padded_token).toBeGreaterThan(0);
    const unloaded = await on.post('/admin/models/sentiment/versions/v2/unload', {}, ADMIN);
    expect(await unloaded.json()).toMatchObject({
      code: 'VERSION_REFUSED',
      detail: expect.stringContaining('canary in shadow mode') as string,
    });
  });

  it('samples by the text: the same texts every time, and about as many as it is told to', async () => {
    // In shadow mode no pair is owed.
    const section = 'mode: shadow, comparison: { sample_percent: 50, budget_percent: 100 }';
    const on = await start('sample', section);
    const asked = texts(40, 'perhaps');
    await sayAll(on, asked);
    const once = await vi.waitFor(async () => {
      const { pairs } = await total(on);
      expect(pairs.texts + (await skipped(on, 'not_sampled'))).toBe(40);
      return pairs.texts;
    }, PATIENCE);
    // Beyond 4.7 standard deviations of 40 texts taken by halves lies one run in 400,000, and it is the same every time.
    expect(once).toBeGreaterThan(5);
    expect(once).toBeLessThan(35);
    await sayAll(on, asked);
    await figuresWith(on, { pairs: { texts: once, traffic_texts: 2 * once } });
  });

  it('does nothing without a budget', async () => {
    const section = 'mode: manual, percent: 100, comparison: { sample_percent: 100, budget_percent: 0 }';
    const on = await start('no-budget', section);
    await sayAll(on, texts(3, 'for nothing'));
    await vi.waitFor(async () => {
      expect(await skipped(on, 'budget')).toBe(3);
    }, PATIENCE);
    expect((await total(on)).pairs.traffic_texts).toBe(0);
  });

  it('compares the first 50 answers of a step and then one in 20, however busy the workers are', async () => {
    const on = await start('floor');
    overload(on);
    await sayAll(on, texts(100, 'under load'));
    await figuresWith(on, { pairs: { texts: 52 }, canary: { requests: 100 } });
    expect(await skipped(on, 'pool_not_whole')).toBe(48);
  });

  it('asks for a pair that is owed as a user does, by a name of its own, and waits longer than a user', async () => {
    const on = await start('turn');
    const submit = on.executor.submit.bind(on.executor);
    const asked: [InferenceItem | undefined, string | undefined][] = [];
    vi.spyOn(on.executor, 'submit').mockImplementation((items, priority) => {
      if (items[0]?.origin === 'internal') asked.push([items[0], priority]);
      return submit(items, priority);
    });
    const before = performance.now();
    await say(on, 'a film of its own');
    await figuresWith(on, { pairs: { texts: 1 } });
    expect(asked).toMatchObject([
      [{ text: 'a film of its own', client: 'internal', origin: 'internal', priority: 'user' }, 'user'],
    ]);
    const waitMs = (asked[0]?.[0]?.deadlineAt ?? 0) - before;
    expect(waitMs).toBeGreaterThan(29_999);
    expect(waitMs).toBeLessThan(performance.now() - before + 30_001);
  });

  it('tries a pair that was refused again with a later answer', async () => {
    const on = await start('refused');
    overload(on);
    const submit = on.executor.submit.bind(on.executor);
    let refusals = 30;
    vi.spyOn(on.executor, 'submit').mockImplementation((items, priority) => {
      if (items[0]?.origin === 'internal' && refusals-- > 0) throw new AppError('OVERLOADED', 'full');
      return submit(items, priority);
    });
    for (const text of texts(30, 'refused')) {
      await say(on, text);
    }
    await vi.waitFor(async () => {
      expect(await skipped(on, 'refused')).toBe(30);
    }, PATIENCE);
    for (const [i, text] of texts(52, 'again').entries()) {
      await say(on, text);
      await figuresWith(on, { pairs: { texts: Math.min(i + 1, 51) } });
    }
  });

  it('begins a new floor with each step, and with a share of an admin', async () => {
    const on = await start('steps', 'mode: manual, percent: 99.99, comparison: { budget_percent: 1 }');
    overload(on);
    await sayAll(on, texts(55, 'first'));
    await figuresWith(on, { pairs: { texts: 50 } });
    const share = await on.fetch('/admin/canary/sentiment', {
      method: 'PUT',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: JSON.stringify({ percent: 100 }),
    });
    expect(share.status).toBe(200);
    await sayAll(on, texts(55, 'second'));
    await figuresWith(on, { pairs: { texts: 100 } });
  });

  it('keeps no text anywhere unless LOG_TEXT allows it', async () => {
    for (const logText of ['false', 'true']) {
      const name = `log-text-${logText}`;
      const on = await start(name, '', { LOG_TEXT: logText });
      const different = await flips(on);
      expect(different.length).toBeGreaterThan(0);
      await sayAll(on, different);
      const { pairs } = await figuresWith(on, { pairs: { disagreements: different.length } });
      expect(pairs.disagreement_rate).toBe(1);
      const shown = await view(on);
      await on.stop();
      const kept = readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
      const [text = ''] = different;
      expect(kept.join('\n').includes(text)).toBe(logText === 'true');
      const { flips: examples } = JSON.parse(shown) as RolloutView;
      const texts = [...examples].sort((a, b) => a.length - b.length).map((flip) => flip.text);
      const allowed = [...different].sort((a, b) => a.length - b.length);
      expect(texts).toEqual(logText === 'true' ? allowed : different.map(() => null));
      expect(examples.every((flip) => flip.stable_label !== flip.canary_label)).toBe(true);
      expect(shown.includes(JSON.stringify(text))).toBe(logText === 'true');
      if (logText === 'false') expect(JSON.stringify(on.lines)).not.toContain(text);
    }
  });
});
