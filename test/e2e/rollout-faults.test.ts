import {
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  mkdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RolloutDocument, RolloutView } from '../../src/rollout/rollout-types.js';
import { configFile, folder, RolloutService, texts } from './rollout-harness.js';

const running: RolloutService[] = [];

async function start(settings: Record<string, string>): Promise<RolloutService> {
  const rollout = await RolloutService.start(settings);
  running.push(rollout);
  return rollout;
}

afterEach(async () => {
  await Promise.all(
    running.splice(0).map(({ service }) => {
      service.signal('SIGKILL');
      return service.ended();
    }),
  );
});

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;

/** The file as it lies on the disk. */
const onDisk = (stateDir: string): RolloutDocument => {
  const text = readFileSync(join(stateDir, 'rollout', 'sentiment.json'), 'utf8');
  return (JSON.parse(text) as { content: RolloutDocument }).content;
};

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

/** Two services one after the other take their time on a machine that has other work. */
const TWO_SERVICES = { timeout: 90_000 };

describe('a rollout and a service that is killed', TWO_SERVICES, () => {
  it('goes on in the same step, with the time that it had', async () => {
    const stateDir = folder();
    const settings = { STATE_DIR: stateDir, SERIN_CONFIG: configFile(AUTO(NO_GATES)) };
    const first = await start(settings);
    const begun = await first.viewThat(({ percent }) => percent === 30);
    expect(begun).toMatchObject({ phase: 'running', mode: 'auto', decided_by: 'file', revision: 1 });
    await vi.waitFor(() => {
      expect(onDisk(stateDir).elapsed_in_step_ms).toBeGreaterThan(0);
    }, 20_000);
    first.service.signal('SIGKILL');
    await first.service.ended();
    const kept = onDisk(stateDir);

    const second = await start(settings);
    const view = await second.view();
    expect(view).toMatchObject({
      rollout_id: begun.rollout_id,
      revision: 1,
      phase: 'running',
      percent: 30,
      step: { number: 1, of: 2, next_percent: 100 },
      since: begun.since,
    });
    expect(view.step?.elapsed_ms).toBeGreaterThanOrEqual(kept.elapsed_in_step_ms);
    expect(view.step?.elapsed_ms).toBeLessThan(kept.elapsed_in_step_ms + 30_000);
    expect(view.history.map(({ move }) => move)).toEqual(['start']);
  });
});

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

describe('a state that cannot be trusted or kept', () => {
  it('is set aside when it is torn; the canary gets nothing until somebody says so', async () => {
    const stateDir = folder();
    mkdirSync(join(stateDir, 'rollout'), { recursive: true });
    const path = join(stateDir, 'rollout', 'sentiment.json');
    writeFileSync(path, '{"sha256":"0","content":{"percent":50}}');
    truncateSync(path, 20);
    const rollout = await start({ STATE_DIR: stateDir, CANARY_PERCENT: '50' });
    expect(await rollout.view()).toMatchObject({
      phase: 'idle',
      percent: 0,
      decided_by: 'state',
      history: [{ move: 'recover', cause: { by: 'recovery' } }],
      problems: [expect.stringMatching(/sentiment\.json cannot be used: it is not JSON/)],
    });
    expect(await rollout.indicator('rollout')).toMatchObject({ status: 'degraded' });
    expect(
      readdirSync(join(stateDir, 'rollout')).some((name) => name.startsWith('sentiment.json.torn-')),
    ).toBe(true);
    expect(new Set(await rollout.versions(texts(50)))).toEqual(new Set(['v1']));
    expect((await rollout.post('clear')).status).toBe(200);
    expect(await rollout.indicator('rollout')).toEqual({ status: 'up' });
    expect((await rollout.put({ percent: 50 })).status).toBe(200);
    expect(new Set(await rollout.versions(texts(50)))).toEqual(new Set(['v1', 'v2']));

    rollout.service.signal('SIGKILL');
    await rollout.service.ended();
    const edited = readFileSync(path, 'utf8').replace('"percent":50', '"percent":99');
    writeFileSync(path, edited);
    const second = await start({ STATE_DIR: stateDir });
    expect(await second.view()).toMatchObject({ phase: 'idle', percent: 0 });
    expect((await second.view()).problems[0]).toMatch(/does not match its checksum/);
  });

  it('cannot be moved without a STATE_DIR that can be written; the stable version serves', async () => {
    const rollout = await start({ STATE_DIR: '/dev/null/state', CANARY_PERCENT: '50' });
    expect(new Set(await rollout.versions(texts(50)))).toEqual(new Set(['v1']));
    const refused = await rollout.put({ percent: 5 });
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'STATE_UNAVAILABLE']);
    expect((await rollout.view()).problems[0]).toMatch(/cannot be written to .*Make STATE_DIR writable/);
    expect(await rollout.indicator('rollout')).toMatchObject({ status: 'degraded' });
  });

  it('is rolled back, after a promotion too, while the disk hangs, and written when it is back', async () => {
    const stateDir = folder();
    const rollout = await start({ STATE_DIR: stateDir });
    expect((await rollout.put({ percent: 50 })).status).toBe(200);
    expect((await rollout.post('promote')).status).toBe(200);
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v2']));
    // Opening a pipe that nobody reads does not return, as on a volume that has stalled.
    const pipe = join(stateDir, 'rollout', `sentiment.json.${rollout.service.pid}.tmp`);
    execFileSync('mkfifo', [pipe]);
    expect((await rollout.post('rollback')).status).toBe(200);
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v1']));
    expect((await rollout.view()).problems).toEqual([
      expect.stringMatching(/cannot be written to .* \(the disk does not answer; .*\): none can be begun/),
      'The last rollback is in force here and could not be written yet.',
    ]);
    const refused = await rollout.post('clear');
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'STATE_UNAVAILABLE']);
    expect(onDisk(stateDir).phase).toBe('promoted');

    const reader = await open(pipe, 'r');
    await vi.waitFor(
      () => {
        expect(onDisk(stateDir).phase).toBe('rolled_back');
      },
      { timeout: 20_000, interval: 50 },
    );
    await reader.close();
    await vi.waitFor(async () => {
      expect((await rollout.view()).problems).toEqual([]);
    });
  });

  it('is moved by one process only; another one of the same folder follows, and takes over', async () => {
    const STATE_DIR = folder();
    const first = await start({ STATE_DIR });
    const second = await start({ STATE_DIR });
    const refused = await second.put({ percent: 5 });
    expect([refused.status, await codeOf(refused)]).toEqual([503, 'STATE_UNAVAILABLE']);
    expect((await second.view()).problems[0]).toContain(`in use by process ${first.service.pid}`);
    expect((await first.put({ percent: 40 })).status).toBe(200);
    await second.viewThat(({ percent }) => percent === 40);
    expect((await second.post('rollback')).status).toBe(503);
    expect(await first.service.stop()).toBe(0);
    await second.viewThat(({ problems }) => problems.length === 0);
    expect((await second.put({ percent: 60 })).status).toBe(200);
    expect((await second.post('rollback')).status).toBe(200);
    await second.service.line(({ msg, revision }) => msg === 'rollout.roll_back' && revision === 3);
    expect(second.service.lines.filter(({ msg }) => msg === 'rollout.roll_back')).toHaveLength(1);
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
