import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/base/config/load-config.js';
import type { TuneReport } from '../../src/tools/tune/tune-report.js';
import { ROOT } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';
import { REGISTRY } from './pool-harness.js';
import { TempRegistry } from '../support/temp-registry.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
const FILE = '# Ours.\nrollout:\n  sentiment: { stable: v2 } # the small one\nworkers: 7\n';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-tune-'));
  writeFileSync(at('list.yaml'), '- one\n');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => join(folder, name);
const ENV = { MODEL_REGISTRY: REGISTRY, WORKERS: '1' };
const tune = (...args: string[]): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, 'tune', ...args], { cwd: folder, env: ENV });

describe('in a short time, on the real model', () => {
  it('measures, explains, draws, and writes a configuration that the service accepts', async () => {
    writeFileSync(at('serin.config.yaml'), FILE);
    const args = [
      '--minutes',
      '0.3',
      '--svg',
      at('frontier.svg'),
      '--write',
      at('serin.config.yaml'),
      '--json',
    ];
    const { code, stdout, stderr } = await tune('sentiment', '--version', 'v2', ...args);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout) as TuneReport;
    expect(report).toMatchObject({ ended: 'done', model: 'sentiment', version: 'v2', slo_p95_ms: null });
    const chosen = report.finalists.filter((finalist) => finalist.chosen);
    expect(chosen).toHaveLength(1);
    expect(chosen[0]).toMatchObject({ on_frontier: true, tied: true });
    for (const { texts_per_s: rate } of report.finalists) expect(rate).toBeGreaterThan(1);
    // What is configured now is measured, too.
    expect(
      report.finalists.some(
        ({ now, workers, threads_per_worker: threads }) => now && workers === 1 && threads === 1,
      ),
    ).toBe(true);

    const { workers, threads_per_worker: threadsPerWorker, queue_limit: queueLimit } = report.settings;
    const written = readFileSync(at('serin.config.yaml'), 'utf8');
    expect(written).toMatch(/^# Ours\.\nrollout:\n {2}sentiment: \{ stable: v2 \} # the small one\n/);
    expect(loadConfig({ cwd: folder, env: {} })).toMatchObject({ workers, threadsPerWorker, queueLimit });
    expect(stderr).toContain(`workers is ${workers} now, it was 7`);
    expect(readFileSync(at('frontier.svg'), 'utf8')).toMatch(/^<\?xml.*<svg.*<\/svg>\n$/s);
    rmSync(at('serin.config.yaml'));
  }, 120_000);

  it('ends at Ctrl-C with what it has, writes no configuration, and leaves no process', async () => {
    const child = spawn(
      process.execPath,
      [MAIN, 'tune', '--version', 'v2', '--minutes', '0.4', '--write', at('no.yaml')],
      {
        cwd: folder,
        env: { PATH: process.env.PATH, ...ENV },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    const measured = new Promise<void>((done) => {
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
        // The second one begins when the first has been measured.
        if ((stderr.match(/: closed loop/g)?.length ?? 0) > 1) done();
      });
    });
    // The workers write to the same stderr: it closes when the last of them has ended.
    const ended = once(child, 'close');
    await measured;
    child.kill('SIGINT');
    expect((await ended)[0], stderr).toBe(3);
    expect(stdout).toMatch(/INTERRUPTED: this is what was measured so far/);
    expect(stdout).toMatch(/^> +\d × \d/m);
    expect(stderr).toContain('no.yaml was not written');
    expect(existsSync(at('no.yaml'))).toBe(false);
  }, 120_000);
});

describe('bad input', () => {
  let before: readonly string[];
  beforeAll(() => {
    before = readdirSync(folder);
  });

  it.concurrent.each([
    [['nosuch'], /names no stable version of nosuch/],
    [['sentiment', '--version', 'v9'], /has no sentiment\/v9/],
    [['--traffic', 'nowhere.jsonl'], /nowhere\.jsonl/],
    [
      ['--svg', 'nowhere/chart.svg'],
      /The chart cannot be written to nowhere\/chart\.svg: its folder does not exist/,
    ],
    [['--write', 'nowhere/serin.yaml'], /nowhere\/serin\.yaml cannot be written: its folder does not exist/],
    [['--write', 'list.yaml'], /list\.yaml cannot be written: it must be a map of settings/],
    [['--minutes', '0'], /at least 0\.1/],
    [['--slo-p95-ms', '-1'], /above 0/],
  ])('%j is refused with a sentence and the exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await tune(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
  });

  it('a version whose files are not what its manifest says', async () => {
    const registry = new TempRegistry();
    registry.addVersion('v3');
    registry.flipByte('v3', 'model.onnx');
    const { code, stderr } = await tune('sentiment', '--version', 'v3', '--model-registry', registry.folder);
    registry.delete();
    expect(code).toBe(2);
    expect(stderr).toMatch(/sentiment\/v3 cannot be used: model\.onnx does not match its digest/);
  });

  it('a version that cannot be loaded', async () => {
    const registry = new TempRegistry();
    registry.addVersion('v3');
    registry.replace('v3', 'model.onnx', 'no model');
    const { code, stderr } = await tune('sentiment', '--version', 'v3', '--model-registry', registry.folder);
    registry.delete();
    expect(code).toBe(2);
    expect(stderr).toMatch(/Nothing can be measured: the version cannot be loaded/);
  });
});
