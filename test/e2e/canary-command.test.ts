import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import type { DrillReport } from '../../src/tools/rollout/drill/drill-report.js';
import type { RollbackResult } from '../../src/tools/rollout/roll-back.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { wellFormed } from '../support/well-formed.js';
import { Service } from './harness.js';
import { folder, RolloutService, texts } from './rollout-harness.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');
const TOKEN = 'rollout-test';
const ENV = { ADMIN_TOKEN: TOKEN, MODEL_REGISTRY: REGISTRY };

const serin = (args: readonly string[], env: Readonly<Record<string, string>> = ENV): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, 'canary', ...args], { cwd: ROOT, env });

const json = ({ stdout }: Finished): unknown => JSON.parse(stdout);

describe('serin canary', () => {
  let rollout: RolloutService;
  const to = (...args: string[]): Promise<Finished> => serin([...args, '--url', rollout.service.url]);

  beforeAll(async () => {
    rollout = await RolloutService.start();
  });
  afterAll(() => rollout.service.stop());

  it('shows and moves the rollout, each move as the service has it then', async () => {
    const set = await to('set', '--percent', '50', '--reason', 'the first look');
    expect(set).toMatchObject({ code: 0, stderr: '' });
    expect(set.stdout).toMatch(/^sentiment: running, v2 at 50 %/);
    await rollout.versions(texts(40));

    const status = await to('status');
    expect(status.code).toBe(0);
    for (const part of [
      /stable +v1 +ready/,
      /canary +v2 +ready/,
      /decided by +state: /,
      /step +4 of 5 at 50 %: .* of 30 min, then 100 %/,
      /requests +\d+ +\d+/,
      /disagreement +(not_enough_data|pass) /,
      /start +v2 +idle 0 % → running 50 % +by admin: set v2 at 50 %: the first look/,
    ]) {
      expect(status.stdout).toMatch(part);
    }
    const view = json(await to('status', 'sentiment', '--json')) as RolloutView;
    expect(view).toMatchObject({ model_name: 'sentiment', phase: 'running', percent: 50, revision: 1 });
    expect(json(await to('status', '--json')) as RolloutView[]).toHaveLength(1);
    expect((await to('status', '--flips')).stdout).toMatch(
      /\n {2}(no text|some of the texts) with another label\n/,
    );

    expect((await to('pause')).stdout).toMatch(/^sentiment: paused, v2 at 50 %/);
    expect((await to('resume', '--revision', '2')).stdout).toMatch(/^sentiment: running/);
    expect((await to('promote')).stdout).toMatch(/^sentiment: promoted, v2 is stable/);

    const back = json(await to('rollback', '--json', '--reason', 'no')) as RollbackResult;
    expect(back).toMatchObject({ rolled_back: 'v2', stable: 'v1', left: 0 });
    expect((await rollout.view()).stable?.version).toBe('v1');
    expect((await to('clear')).stdout).toMatch(/^sentiment: idle, v2 at 0 %/);
  });

  it('says after a rollback what it did, how long it took, and that nothing is in flight', async () => {
    await to('set', '--percent', '50');
    const { code, stdout } = await to('rollback');
    expect(code).toBe(0);
    expect(stdout).toMatch(/v2 is rolled back; v1 answers every request that comes from now on/);
    expect(stdout).toMatch(/the call took \d+ ms/);
    expect(stdout).toMatch(/nothing of (v2|it) is in flight any more/);
    await to('clear');
  });

  it('watches without a terminal by a line per look, until it is interrupted', async () => {
    const child = spawn(
      process.execPath,
      [MAIN, 'canary', 'status', '--watch', '--every', '0.1', '--url', rollout.service.url],
      { env: { PATH: process.env.PATH, ...ENV }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let seen = '';
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.split('\n').length > 3) child.kill('SIGINT');
    });
    await once(child, 'close');
    expect(child.exitCode).toBe(0);
    expect(seen.split('\n')[0]).toMatch(/^\d{4}-.*Z {2}sentiment: idle, v2 at 0 %/);
  });

  it('tells a stale writer what has happened since', async () => {
    const { revision } = await rollout.view();
    await to('set', '--percent', '5');
    const { code, stderr, stdout } = await to('set', '--percent', '10', '--revision', String(revision));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/refused: .*not \d+; read it again.*\n.* idle 0 % → running 5 %.*\(CONFLICT\)/);
    expect((await rollout.view()).percent).toBe(5);
    await to('set', '--percent', '0');
  });

  const refusals: readonly (readonly [string, string[], number, RegExp])[] = [
    ['a share above 100', ['set', '--percent', '101'], 2, /--percent.*0 to 100/],
    ['a share that is no number', ['set', '--percent', 'NaN'], 2, /--percent.*0 to 100/],
    ['no share', ['set'], 2, /--percent/],
    ['an unknown model', ['status', 'nix'], 2, /MODEL_NOT_FOUND, .*"nix"; there is sentiment/],
    ['an unknown version', ['set', '--percent', '5', '--version', 'v9'], 2, /VERSION_NOT_FOUND/],
    ['the stable version', ['set', '--percent', '5', '--version', 'v1'], 2, /is the stable version/],
    ['a pause of what does not run', ['pause'], 1, /Only a running rollout can be paused.*CONFLICT/],
    ['a drill at nothing', ['drill', '--percent', '0'], 2, /exercises nothing/],
    ['a drill of no time', ['drill', '--minutes', '0.01'], 2, /at least 0\.1/],
    [
      'a token file that is none',
      ['status', '--admin-token-file', '/nowhere'],
      2,
      /cannot be read from \/nowhere: it does not exist/,
    ],
  ];
  it.concurrent.each(refusals)('refuses %s', async (_, args, code, message) => {
    const finished = await to(...args);
    expect({ code: finished.code, stdout: finished.stdout }).toEqual({ code, stdout: '' });
    expect(finished.stderr).toMatch(message);
    expect(finished.stderr).not.toContain('    at ');
  });

  it('names the reason when the service, the token or the admin API is missing', async () => {
    const { url } = rollout.service;
    const closed = await Service.start();
    const cases: [Promise<Finished>, RegExp][] = [
      [serin(['status', '--url', 'http://127.0.0.1:9']), /No service answers .*--url/],
      [serin(['status', '--url', url], {}), /Name the admin token: in ADMIN_TOKEN/],
      [serin(['status', '--url', url], { ADMIN_TOKEN: 'other' }), /does not take this admin token/],
      [serin(['rollback', '--url', closed.url]), /The admin API is off: start the service with ADMIN_TOKEN/],
    ];
    for (const [finished, message] of cases) {
      const { code, stderr } = await finished;
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    }
    const file = join(folder(), 'token');
    writeFileSync(file, `${TOKEN}\n`);
    expect((await serin(['status', '--url', url, '--admin-token-file', file], {})).code).toBe(0);
    await closed.stop();
  });
});

describe('serin canary drill', () => {
  let rollout: RolloutService;
  const drillArgs = (reports: string, ...more: string[]): string[] => [
    ...['drill', '--url', rollout.service.url, '--minutes', '0.1', '--percent', '50'],
    ...['--report-dir', reports, ...more],
  ];

  beforeAll(async () => {
    rollout = await RolloutService.start();
  });
  afterAll(() => rollout.service.stop());

  it('exercises share, stickiness and rollback, decides, and leaves the canary at 0 %', async () => {
    const reports = folder();
    const finished = await serin(drillArgs(reports, '--rate', '40', '--json'));
    const report = json(finished) as DrillReport;
    // Six seconds are not enough evidence for a promotion, and the report says so.
    expect(finished.code).toBe(1);
    expect(report).toMatchObject({ decision: 'hold', end: { kind: 'done' }, left_at_percent: 0 });
    expect(report.reasons.join('\n')).toMatch(/minimum_samples/);
    expect(report.parts).toHaveLength(2);
    for (const { requests, failed, share } of report.parts) {
      expect(requests).toBeGreaterThan(50);
      expect(failed).toBe(0);
      expect(share).toMatchObject({ switched_users: 0, asked_percent: 50 });
      // Other users each time: one drill in a thousand is outside of its own bounds, and none of a million of these.
      expect(Math.abs(share.canary_users / share.users - 0.5)).toBeLessThan(0.4);
    }
    expect(report.rollback).toMatchObject({ canary_after: 0, failed: 0, left: 0, passed: true });
    expect(report.rollback?.requests_after).toBeGreaterThan(10);
    expect(report.moves.map(({ move }) => move)).toEqual(['start', 'roll_back', 'clear', 'set', 'set']);
    expect(await rollout.view()).toMatchObject({ phase: 'idle', percent: 0 });

    const names = readdirSync(reports).sort();
    expect(names.map((name) => name.split('.').pop())).toEqual(['json', 'md', 'svg']);
    const [jsonName = '', mdName = '', svgName = ''] = names;
    expect(JSON.parse(readFileSync(join(reports, jsonName), 'utf8'))).toEqual(report);
    expect(wellFormed(readFileSync(join(reports, svgName), 'utf8'))).toBe('svg');
    const markdown = readFileSync(join(reports, mdName), 'utf8');
    expect(markdown).toContain('Decision: HOLD v2 of sentiment');
    expect(markdown).toContain(`](${svgName})`);
  });

  it('leaves the canary at 0 % when it is interrupted, and ends with 3', async () => {
    const reports = folder();
    const child = spawn(process.execPath, [MAIN, 'canary', ...drillArgs(reports, '--minutes', '10')], {
      env: { PATH: process.env.PATH, ...ENV },
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    await rollout.viewThat(
      ({ percent, figures }) => percent === 50 && (figures?.step.canary.requests ?? 0) > 0,
    );
    child.kill('SIGINT');
    await once(child, 'close');
    expect(child.exitCode).toBe(3);
    expect(stderr).toContain('interrupted; the canary is at 0 %');
    expect(await rollout.view()).toMatchObject({ phase: 'idle', percent: 0 });
    expect(readdirSync(reports)).toHaveLength(3);
  });

  it('leaves the rollout to whoever has moved it meanwhile', async () => {
    const drilling = serin(drillArgs(folder(), '--minutes', '10', '--json'));
    await rollout.viewThat(({ percent }) => percent === 50);
    await rollout.put({ percent: 25, reason: 'another hand' });
    const finished = await drilling;
    expect(finished.code).toBe(1);
    const report = json(finished) as DrillReport;
    expect(report.end).toMatchObject({ kind: 'moved' });
    expect(report.end.sentence).toContain('another hand');
    expect(report.left_at_percent).toBe(25);
    expect((await rollout.view()).percent).toBe(25);
    await rollout.put({ percent: 0 });
  });

  it('does not begin while a rollout is under way', async () => {
    await rollout.put({ percent: 5 });
    const { code, stderr } = await serin(drillArgs(folder()));
    expect(code).toBe(2);
    expect(stderr).toMatch(/A rollout of sentiment is running at 5 %/);
    expect((await rollout.view()).percent).toBe(5);
  });
});
