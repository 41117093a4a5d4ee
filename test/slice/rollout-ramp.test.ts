import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import { configFile, folder, RolloutSlice, texts } from './rollout-slice.js';

const running: RolloutSlice[] = [];

async function start(settings: Record<string, string>): Promise<RolloutSlice> {
  const rollout = await RolloutSlice.start(settings);
  running.push(rollout);
  return rollout;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ service }) => service.stop()));
});

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;

const AUTO = (rest: string): string => `
rollout:
  sentiment:
    stable: v1
    canary: v2
    mode: auto
    steps: [{ percent: 30, hold: 1h }, { percent: 100, hold: 1h }]
    ${rest}
`;

/** Every gate that looks at answers is off: these tests are about steps, not about verdicts. */
const NO_GATES =
  'gates: { minimum_samples: 1, disagreement: off, error_rate_increase: off, latency_ratio: off, label_share_shift: off }';

describe('a ramp', () => {
  it('goes from step to step to the promotion by itself', async () => {
    const SHORT = AUTO(NO_GATES).replaceAll('1h', '1s');
    const rollout = await start({
      STATE_DIR: folder(),
      SERIN_CONFIG: configFile(SHORT),
      REQUEST_TIMEOUT_MS: '30000',
    });
    let sent = 0;
    const view = await vi.waitFor(
      async () => {
        await rollout.versions(texts(8, (sent += 8)));
        const now = await rollout.view();
        if (now.phase !== 'promoted') throw new Error(JSON.stringify(now.verdict));
        return now;
      },
      { timeout: 40_000, interval: 200 },
    );
    expect(view.history.map(({ move, to, cause }) => [move, to.percent, cause.by])).toEqual([
      ['start', 30, 'configuration'],
      ['step', 100, 'ramp'],
      ['promote', 0, 'ramp'],
    ]);
    expect(view.history.at(-1)?.figures).toMatchObject({ verdict: 'promote' });
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v2']));
  });

  it('takes a canary out by itself when a gate fails, and says which', async () => {
    // v2 is faster than v1, but not ten times: the gate must fail, and soon.
    const gates = NO_GATES.replace('latency_ratio: off', 'latency_ratio: 0.1');
    const rollout = await start({
      STATE_DIR: folder(),
      SERIN_CONFIG: configFile(AUTO(gates)),
      REQUEST_TIMEOUT_MS: '30000',
    });
    let sent = 0;
    const view = await vi.waitFor(
      async () => {
        await rollout.versions(texts(16, (sent += 16)));
        const now = await rollout.view();
        if (now.phase !== 'rolled_back') throw new Error(JSON.stringify(now.verdict));
        return now;
      },
      { timeout: 40_000, interval: 100 },
    );
    expect(view).toMatchObject({ percent: 0, decided_by: 'rolled_back' });
    const last = view.history.at(-1);
    expect(last).toMatchObject({
      move: 'roll_back',
      cause: { by: 'gate' },
      figures: { verdict: 'roll_back' },
    });
    expect(last?.cause.detail).toMatch(/^latency_ratio: .*the limit is exceeded/);
    expect(new Set(await rollout.versions(texts(40)))).toEqual(new Set(['v1']));

    // What the gates saw would take it out again at once: a second try begins with nothing seen.
    expect((await rollout.post('clear')).status).toBe(200);
    const again = (await (await rollout.put({ percent: 30 })).json()) as RolloutView;
    expect(again).toMatchObject({ phase: 'running', percent: 30, mode: 'auto' });
    expect(again.rollout_id).not.toBe(view.rollout_id);
    expect(again.figures?.total.pairs.texts ?? 0).toBe(0);
    expect(again.history.at(-1)).toMatchObject({ move: 'start', cause: { by: 'admin' } });
  });
});

describe('a state that cannot be kept', () => {
  it('cannot be moved without a STATE_DIR that can be written; the stable version serves', async () => {
    const rollout = await start({ STATE_DIR: '/dev/null/state', CANARY_PERCENT: '50' });
    expect(new Set(await rollout.versions(texts(50)))).toEqual(new Set(['v1']));
    const refused = await rollout.put({ percent: 5 });
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'STATE_UNAVAILABLE']);
    expect((await rollout.view()).problems[0]).toMatch(/cannot be written to .*Make STATE_DIR writable/);
    expect(await rollout.indicator('rollout')).toMatchObject({ status: 'degraded' });
  });
});

describe('a configuration file that changes while serving', () => {
  const percent = (share: string): string =>
    `rollout:\n  sentiment: { stable: v1, canary: v2, percent: ${share} }\n`;

  it('is read again when a ConfigMap swaps its links; what is invalid leaves the last good one in force', async () => {
    const mounted = folder();
    const publish = (name: string, content: string): void => {
      mkdirSync(join(mounted, name));
      writeFileSync(join(mounted, name, 'serin.config.yaml'), content);
      symlinkSync(name, join(mounted, '..data_tmp'));
      renameSync(join(mounted, '..data_tmp'), join(mounted, '..data'));
    };
    publish('..1', percent('0'));
    symlinkSync(join('..data', 'serin.config.yaml'), join(mounted, 'serin.config.yaml'));
    const rollout = await start({ STATE_DIR: folder(), SERIN_CONFIG: join(mounted, 'serin.config.yaml') });
    expect(await rollout.view()).toMatchObject({ percent: 0, decided_by: 'file' });

    publish('..2', `max_texts: 100\n${percent('20')}`);
    await rollout.viewThat((view) => view.percent === 20);
    await rollout.service.line(({ msg }) => msg.endsWith('in force after a restart only: max_texts'));

    publish('..3', percent('101'));
    await rollout.service.line(({ msg }) => msg.includes('the last good one stays'));
    expect(await rollout.view()).toMatchObject({ percent: 20, revision: 1 });
    expect(await rollout.indicator('configuration')).toMatchObject({
      status: 'up',
      problem: expect.stringMatching(/percent .* is 101: allowed is a number from 0 to 100/) as string,
    });
    const said = rollout.service.lines.filter(({ msg }) => msg.includes('the last good one stays'));
    expect(said).toHaveLength(1);

    publish('..4', percent('5').replace('v2', 'v9'));
    await rollout.viewThat(({ problems }) => problems.some((problem) => problem.includes('no version v9')));

    publish('..5', percent('0'));
    await rollout.viewThat((view) => view.percent === 0 && view.problems.length === 0);
    expect(await rollout.view()).toMatchObject({ phase: 'idle', rolled_back: [] });
    expect(await rollout.indicator('configuration')).toEqual({ status: 'up' });
  });
});
