import { readdirSync, readFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi, type TestContext } from 'vitest';
import type { RolloutDocument } from '../../src/rollout/rollout-types.js';
import { configFile, folder, RolloutService, texts } from './rollout-harness.js';

/** Ends with the test that starts it: others run at the same time. */
async function start(
  { onTestFinished }: TestContext,
  settings: Record<string, string>,
): Promise<RolloutService> {
  const rollout = await RolloutService.start(settings);
  onTestFinished(async () => {
    rollout.service.signal('SIGKILL');
    await rollout.service.ended();
  });
  return rollout;
}

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

describe.concurrent('a rollout and a service that is killed', TWO_SERVICES, () => {
  it('goes on in the same step, with the time that it had', async (context) => {
    const stateDir = folder();
    const settings = { STATE_DIR: stateDir, SERIN_CONFIG: configFile(AUTO(NO_GATES)) };
    const first = await start(context, settings);
    const begun = await first.viewThat(({ percent }) => percent === 30);
    expect(begun).toMatchObject({ phase: 'running', mode: 'auto', decided_by: 'file', revision: 1 });
    await vi.waitFor(() => {
      expect(onDisk(stateDir).elapsed_in_step_ms).toBeGreaterThan(0);
    }, 20_000);
    first.service.signal('SIGKILL');
    await first.service.ended();
    const kept = onDisk(stateDir);

    const second = await start(context, settings);
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

describe.concurrent('a state that cannot be trusted or kept', () => {
  it('is set aside when it is torn; the canary gets nothing until somebody says so', async (context) => {
    const stateDir = folder();
    mkdirSync(join(stateDir, 'rollout'), { recursive: true });
    const path = join(stateDir, 'rollout', 'sentiment.json');
    writeFileSync(path, '{"sha256":"0","content":{"percent":50}}');
    truncateSync(path, 20);
    const rollout = await start(context, { STATE_DIR: stateDir, CANARY_PERCENT: '50' });
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
    const second = await start(context, { STATE_DIR: stateDir });
    expect(await second.view()).toMatchObject({ phase: 'idle', percent: 0 });
    expect((await second.view()).problems[0]).toMatch(/does not match its checksum/);
  });

  it('is rolled back, after a promotion too, while the disk hangs, and written when it is back', async (context) => {
    const stateDir = folder();
    const rollout = await start(context, { STATE_DIR: stateDir });
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

  it('is moved by one process only; another one of the same folder follows, and takes over', async (context) => {
    const STATE_DIR = folder();
    const first = await start(context, { STATE_DIR });
    const second = await start(context, { STATE_DIR });
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
