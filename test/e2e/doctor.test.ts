import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi, type TestContext } from 'vitest';
import type { Finding } from '../../src/tools/doctor/finding.js';
import { ROOT } from '../support/repository.js';
import { runCommand } from '../support/run-command.js';
import { Service } from './harness.js';
import { REGISTRY } from './pool-harness.js';
import { NO_REDIS, RedisServer } from './redis-harness.js';
import { TempRegistry } from '../support/temp-registry.js';

const MAIN = resolve(ROOT, process.env.SERIN_DIST ?? 'dist', 'cli/main.js');
/** Every visit starts worker processes. */
vi.setConfig({ testTimeout: 120_000 });

/** Where something listens that is no Serin. */
let stranger: Server;

beforeAll(async () => {
  stranger = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
});
afterAll(() => stranger.close());

interface Visit {
  readonly code: number | null;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** Of the check that the test is about. */
  of(check: string): readonly Finding[];
}

/** A test's own folder: others run at the same time. */
class Practice {
  readonly folder = mkdtempSync(join(tmpdir(), 'serin-doctor-'));

  constructor({ onTestFinished }: TestContext) {
    onTestFinished(() => {
      rmSync(this.folder, { recursive: true });
    });
  }

  state(...parts: string[]): string {
    return join(this.folder, 'state', ...parts);
  }

  /** Asks the doctor about the shipped registry and a free port, unless the test says otherwise. */
  async visit(env: Record<string, string> = {}, ...flags: string[]): Promise<Visit> {
    const args = [MAIN, 'doctor', '--json', ...flags];
    const { code, stdout, stderr } = await runCommand(process.execPath, args, {
      cwd: this.folder,
      env: {
        MODEL_REGISTRY: REGISTRY,
        STATE_DIR: this.state(),
        PORT: '0',
        WORKERS: '1',
        SPARE_WORKERS: '0',
        ...env,
      },
    });
    expect(stderr).toBe('');
    const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    return { code, ok, findings, of: (check) => findings.filter((finding) => finding.check === check) };
  }
}

const failures = ({ findings }: Visit): string[] =>
  findings.filter((finding) => finding.state === 'fail').map(({ check }) => check);

describe.concurrent('on the shipped registry', () => {
  it('finds nothing to mend, scores every version that would be loaded, and writes nothing', async (context) => {
    const practice = new Practice(context);
    const found = await practice.visit();
    expect(failures(found)).toEqual([]);
    expect(found).toMatchObject({ code: 0, ok: true });
    const parity = found.of('parity');
    expect(parity.map((finding) => finding.state)).toEqual(['ok', 'ok', 'ok', 'ok']);
    expect(parity.filter((finding) => finding.found.includes('scored in a worker'))).toHaveLength(2);
    const checks = [
      'node',
      'libc',
      'open files',
      'clock',
      'cores',
      'cpu',
      'settings',
      'port',
      'proxy',
      'redis',
      'state',
    ];
    expect(found.findings.map(({ check }) => check)).toEqual(expect.arrayContaining(checks));
    expect(readdirSync(practice.folder)).toEqual([]);
  });

  it('tells a running service from a stranger', async (context) => {
    const practice = new Practice(context);
    const service = await Service.start({ STATE_DIR: practice.state() });
    const { port } = new URL(service.url);
    const beside = await practice.visit({ PORT: port });
    expect(beside).toMatchObject({ code: 0 });
    expect(beside.of('port')).toMatchObject([{ state: 'note' }]);
    expect(beside.of('port')[0]?.found).toMatch(
      /a Serin serves there already \(ok, sentiment\/v1 is stable\)/,
    );
    expect(beside.of('proxy')).toMatchObject([{ state: 'ok' }]);
    await service.post('/predict', { text: 'A film.' }, { 'x-forwarded-for': '192.0.2.1' });
    expect((await practice.visit({ PORT: port })).of('proxy')).toMatchObject([
      { state: 'warn', found: expect.stringMatching(/one client$/) as string },
    ]);
    expect(beside.of('state').map(({ found }) => found)).toContainEqual(
      `process ${service.pid} holds STATE_DIR: another one would follow its rollouts`,
    );
    expect(await service.stop()).toBe(0);
  });

  it('warns of settings that are dangerous, and of more threads than cores', async (context) => {
    const practice = new Practice(context);
    const found = await practice.visit({
      HOST: '0.0.0.0',
      ADMIN_TOKEN: 'short',
      LOG_TEXT: 'true',
      THREADS_PER_WORKER: '4',
    });
    expect(found).toMatchObject({ code: 0 });
    expect(found.of('settings').map((finding) => finding.state)).toEqual(['warn', 'warn', 'warn']);
    expect(JSON.stringify(found.findings)).not.toContain('short');
    expect(found.of('cores')[0]).toMatchObject({ state: 'warn' });
  });
});

describe.concurrent('something that must be mended', () => {
  it('a file with another digest; the version is not scored, the others are', async (context) => {
    const practice = new Practice(context);
    const registry = new TempRegistry();
    registry.addVersion('v3');
    registry.flipByte('v3', 'model.onnx');
    registry.changeManifest('v3', { accuracy: undefined });
    const config = join(practice.folder, 'v3.yaml');
    writeFileSync(config, 'rollout: { sentiment: { stable: v3, canary: v2, percent: 0 } }\n');
    const found = await practice.visit({ MODEL_REGISTRY: registry.folder, SERIN_CONFIG: config });
    registry.delete();
    rmSync(config);
    expect(found).toMatchObject({ code: 1, ok: false });
    expect(failures(found)).toEqual(['digests']);
    expect(found.of('acceptance').map((finding) => finding.state)).toEqual(['ok', 'warn']);
    const scored = found.of('parity').filter((finding) => finding.found.includes('scored in a worker'));
    expect(scored.map((finding) => finding.found.split(':')[0])).toEqual(['sentiment/v2']);
  });

  it('golden texts that come out otherwise', async (context) => {
    const practice = new Practice(context);
    const registry = new TempRegistry();
    registry.addVersion('v3');
    const parity = join(REGISTRY, 'sentiment/v2/parity.json');
    registry.replace(
      'v3',
      'parity.json',
      readFileSync(parity, 'utf8').replaceAll('"POSITIVE"', '"NEGATIVE"'),
    );
    const config = join(practice.folder, 'v3.yaml');
    writeFileSync(config, 'rollout: { sentiment: { stable: v2, canary: v3, percent: 0 } }\n');
    const found = await practice.visit({ MODEL_REGISTRY: registry.folder, SERIN_CONFIG: config });
    registry.delete();
    rmSync(config);
    expect(found.code).toBe(1);
    expect(failures(found)).toEqual(['parity']);
  });

  it('a version that the configuration names and nobody has', async (context) => {
    const practice = new Practice(context);
    const config = join(practice.folder, 'missing.yaml');
    writeFileSync(config, 'rollout: { sentiment: { stable: v9 } }\n');
    const found = await practice.visit({ SERIN_CONFIG: config });
    rmSync(config);
    expect(failures(found)).toEqual(['registry']);
    expect(found.code).toBe(1);
  });

  it('a port that something else has, a Redis that does not answer, torn state of a rollout', async (context) => {
    const practice = new Practice(context);
    mkdirSync(practice.state('rollout'), { recursive: true });
    writeFileSync(practice.state('rollout', 'sentiment.json'), '{"sha256":"0","content":{}}\n');
    writeFileSync(practice.state('rollout', 'sentiment.json.torn-2026'), '');
    const { port } = stranger.address() as AddressInfo;
    const found = await practice.visit({ PORT: String(port), REDIS_URL: `redis://:hush@127.0.0.1:${port}` });
    expect(found.code).toBe(1);
    expect(failures(found)).toEqual(['port', 'redis', 'state']);
    expect(found.of('state').map((finding) => finding.state)).toEqual(['ok', 'fail', 'note']);
    // The password is not told, and the file stays where it is.
    expect(JSON.stringify(found.findings)).not.toContain('hush');
    expect(readdirSync(practice.state('rollout')).sort()).toEqual([
      'sentiment.json',
      'sentiment.json.torn-2026',
    ]);
  });

  it('no registry at all, and a STATE_DIR that is no folder', async (context) => {
    const practice = new Practice(context);
    writeFileSync(join(practice.folder, 'file'), '');
    const STATE_DIR = join(practice.folder, 'file', 'state');
    const found = await practice.visit({ MODEL_REGISTRY: join(practice.folder, 'none'), STATE_DIR });
    rmSync(join(practice.folder, 'file'));
    expect(failures(found)).toEqual(['state', 'registry']);
    expect(found.code).toBe(1);
  });

  it('a configuration that contradicts itself: every problem, and what can be told without it', async (context) => {
    const practice = new Practice(context);
    const found = await practice.visit(
      { QUEUE_LIMIT: '10', RATE_LIMIT_BURST: '3', ADMIN_TOKEN: 'hush hush' },
      '--port',
      'x',
    );
    expect(found.code).toBe(1);
    expect(failures(found)).toEqual(['configuration', 'configuration', 'configuration', 'configuration']);
    expect(found.of('node')).toMatchObject([{ state: 'ok' }]);
    expect(JSON.stringify(found.findings)).not.toContain('hush');
  });
});

describe.skipIf(NO_REDIS !== null)('with a real Redis', () => {
  it('says its version, and what may evict or lose state', async (context) => {
    const practice = new Practice(context);
    const server = await RedisServer.start('--maxmemory', '50mb', '--maxmemory-policy', 'allkeys-lru');
    const found = await practice.visit({ REDIS_URL: server.url });
    await server.kill();
    expect(found.code).toBe(1);
    expect(found.of('redis').map((finding) => finding.state)).toEqual(['ok', 'fail', 'warn']);
    expect(found.of('redis')[0]?.found).toMatch(/^Redis \d+\.\d+\.\d+ answers$/);
  });
});

it('tells people on one line each, with what to do under it', async (context) => {
  const practice = new Practice(context);
  const { port } = stranger.address() as AddressInfo;
  const { code, stdout } = await runCommand(process.execPath, [MAIN, 'doctor', '--port', String(port)], {
    cwd: practice.folder,
    env: { MODEL_REGISTRY: REGISTRY, STATE_DIR: practice.state() },
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}port +127\.0\.0\.1, port \d+: something else listens there\n +→ stop it/m);
  expect(stdout).toMatch(/^\d+ findings: 1 must be mended; \d+ warnings?, \d+ notes?$/m);
});
