import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SETTING_NAMES, flagName } from '../../src/base/config/settings.js';
import { ROOT, readText } from '../support/repository.js';
import { runCommand, type Finished } from '../support/run-command.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-cli-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const serin = (args: readonly string[], env: Record<string, string> = {}): Promise<Finished> =>
  runCommand(process.execPath, [MAIN, ...args], { cwd: folder, env });

describe.concurrent('usage', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    expect(await serin(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('without a command prints help on stderr and fails', async () => {
    const { code, stdout, stderr } = await serin([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/Usage: serin .*serve.*models/s);
  });

  it('help is data, not an error', async () => {
    const { code, stdout, stderr } = await serin(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Usage: serin');
  });

  it('serve has a flag for every setting', async () => {
    const { code, stdout } = await serin(['serve', '--help']);
    expect(code).toBe(0);
    for (const name of SETTING_NAMES) expect(stdout).toContain(`--${flagName(name)} `);
  });

  it.each([
    [['serv'], /unknown command 'serv'\n\(Did you mean serve\?\)/],
    [['serve', '--prot', '1'], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    [['serve', 'now'], /too many arguments/],
    [['serve', '--port'], /argument missing/],
    [['models'], /Usage: serin models/],
    [['models', 'lst'], /Did you mean list\?/],
  ])('%j is wrong usage', async (args, message) => {
    const { code, stdout, stderr } = await serin(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('bench', () => {
  it('with --url alone loads the service that SERIN_URL names', async () => {
    const args = ['bench', '--url', '--model-registry', join(ROOT, 'model-registry')];
    const { code, stderr } = await serin(args, { SERIN_URL: 'http://127.0.0.1:1' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('No service answers (http://127.0.0.1:1)') as string,
    });
  });
});

describe('serve', () => {
  it('names everything that is wrong with the settings, and no secret, before it starts', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'prot: 1\n');
    const secrets = { ADMIN_TOKEN: 'hush hush', REDIS_URL: 'http://:hush@localhost' };
    const env = { PORT: 'abc', ...secrets, SERIN_CONFIG: 'wrong.yaml' };
    const { code, stdout, stderr } = await serin(['serve', '--log-text', '--workers', '0'], env);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.split('\n').map((line) => line.split(/ is |:/)[0])).toEqual([
      'serin',
      '  --workers (command line)',
      '  PORT (environment)',
      '  ADMIN_TOKEN (environment)',
      '  REDIS_URL (environment)',
      '  prot (wrong.yaml)',
      '',
    ]);
    expect(stderr).not.toContain('hush');
  });

  it('serves on the port of its flag, and ends in order on SIGTERM', async () => {
    const child = spawn(process.execPath, [MAIN, 'serve', '--port', '0', '--shutdown-delay-ms', '0'], {
      cwd: ROOT,
      env: { ...process.env, PORT: '1', WORKERS: '1', SPARE_WORKERS: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    for await (const line of createInterface(child.stdout)) {
      const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
      if (msg !== 'listening') continue;
      expect(new URL(url ?? '').port).not.toBe('1');
      child.kill('SIGTERM');
      break;
    }
    child.stdout.resume();
    expect(await ended).toEqual([0, null]);
  });

  it('says what is wrong with a registry that is not there', async () => {
    const { code, stderr } = await serin(['serve', '--port', '0', '--model-registry', 'nowhere']);
    expect(code).toBe(2);
    expect(stderr).toContain(join(folder, 'nowhere'));
    expect(stderr).not.toMatch(/^ +at /m);
  });
});

describe('models', () => {
  const FILES = { 'model.onnx': 'weights', 'tokenizer.json': '{}', 'tokenizer_config.json': '{}' };
  const record = (content: string) => ({
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
  });

  const writeVersion = (version: string, more: object = {}): void => {
    const path = join(folder, 'model-registry/sentiment', version);
    mkdirSync(path, { recursive: true });
    for (const [name, content] of Object.entries(FILES)) writeFileSync(join(path, name), content);
    const manifest = {
      schema_version: 1,
      model: 'sentiment',
      version,
      task: 'text-classification',
      labels: ['NEGATIVE', 'POSITIVE'],
      max_tokens: 256,
      truncation_side: 'right',
      precision: 'fp32',
      session: { graph_optimization_level: 'all', disabled_optimizers: [] },
      batching: { max_padded_tokens: 256, runs_alone: false },
      files: Object.fromEntries(Object.entries(FILES).map(([name, content]) => [name, record(content)])),
      ...more,
    };
    writeFileSync(join(path, 'manifest.json'), JSON.stringify(manifest));
  };

  beforeEach(() => {
    rmSync(join(folder, 'model-registry'), { recursive: true, force: true });
    writeVersion('v1', {
      accuracy: { data_set: 'x', n: 200, correct: 181, accuracy: 0.905, interval_95: [0.85, 0.94] },
    });
    writeVersion('v2');
    writeVersion('v10');
  });

  it('list shows versions with the role that the configuration gives them', async () => {
    const { code, stdout, stderr } = await serin(['models', 'list']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const cells = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 6));
    expect(cells.slice(1, 4)).toEqual([
      ['sentiment', 'v1', 'stable', 'fp32', '256', '90.50 % of 200'],
      ['sentiment', 'v2', 'canary', 'fp32', '256', '-'],
      ['sentiment', 'v10', '-', 'fp32', '256', '-'],
    ]);
  });

  it('list as JSON, with the reason for a version that cannot be read', async () => {
    writeFileSync(join(folder, 'model-registry/sentiment/v10/manifest.json'), '{');
    const { code, stdout } = await serin(['models', 'list', '--json']);
    const { versions } = JSON.parse(stdout) as {
      versions: { version: string; role: string; problem?: string }[];
    };
    expect(code).toBe(0);
    expect(versions.map(({ version, role }) => [version, role])).toEqual([
      ['v1', 'stable'],
      ['v2', 'canary'],
      ['v10', null],
    ]);
    expect(versions.map(({ problem }) => problem === undefined)).toEqual([true, true, false]);
  });

  it('verify passes files that match their digests', async () => {
    const { code, stdout } = await serin(['models', 'verify']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'sentiment/v1: ok\nsentiment/v2: ok\nsentiment/v10: ok\n',
    });
  });

  it('verify finds one changed byte and a missing file, and exits with 1', async () => {
    writeFileSync(join(folder, 'model-registry/sentiment/v1/model.onnx'), 'weightz');
    rmSync(join(folder, 'model-registry/sentiment/v2/tokenizer.json'));
    const { code, stdout } = await serin(['models', 'verify', '--json']);
    const report = JSON.parse(stdout) as { ok: boolean; versions: { ok: boolean; problems: string[] }[] };
    expect(code).toBe(1);
    expect(report.ok).toBe(false);
    expect(report.versions.map(({ ok }) => ok)).toEqual([false, false, true]);
    expect(report.versions[0]?.problems).toEqual([
      expect.stringContaining('model.onnx does not match its digest'),
    ]);
    expect(report.versions[1]?.problems).toEqual(['tokenizer.json is missing']);
  });

  it('verify looks at what is named, and at nothing else', async () => {
    writeFileSync(join(folder, 'model-registry/sentiment/v2/model.onnx'), 'weightz');
    expect(await serin(['models', 'verify', 'sentiment/v1'])).toMatchObject({
      code: 0,
      stdout: 'sentiment/v1: ok\n',
    });
    const { code, stderr } = await serin(['models', 'verify', 'sentiment/v3']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/no "sentiment\/v3"; it has sentiment\/v1/);
  });

  it('a registry that is not there is unusable input', async () => {
    const { code, stderr } = await serin(['models', 'list', '--model-registry', 'nowhere']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^serin: The model registry .*nowhere is not a folder/);
  });
});
