import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ROOT } from '../support/repository.js';
import { expectGone } from '../support/expect-gone.js';
import { ONE_VERSION, Service } from './harness.js';

const MAIN = join(resolve(ROOT, process.env.SERIN_DIST ?? 'dist'), 'main.js');
const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');
/** `script` of util-linux gives a program a terminal. */
const SCRIPT = '/usr/bin/script';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-hangup-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const environment = (): Record<string, string> => ({
  ...{ PATH: process.env.PATH ?? '', MODEL_REGISTRY: REGISTRY, STATE_DIR: join(folder, 'var') },
  ...{ PORT: '0', WORKERS: '1', SPARE_WORKERS: '0', SHUTDOWN_DELAY_MS: '0' },
  ...ONE_VERSION,
});

/** The processes that a process has started. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number);

describe.concurrent('SIGHUP', () => {
  it('drains the service as SIGTERM does', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '123' });
    service.signal('SIGHUP');
    expect(await service.ended()).toBe(0);
    const leaving = await service.line(({ msg }) => msg === 'leaving');
    expect([leaving.signal, leaving.delay_ms]).toEqual(['SIGHUP', 123]);
    expect(service.lines.at(-1)).toMatchObject({ msg: 'stopped', signal: 'SIGHUP' });
  });

  it('ends no worker: a terminal that closes sends it to them, too', async () => {
    const service = await Service.start(ONE_VERSION);
    const [worker = 0] = service.workerPids();
    process.kill(worker, 'SIGHUP');
    expect((await service.post('/predict', { text: 'A fine film.' })).status).toBe(200);
    expect(await (await service.fetch('/metrics')).text()).toContain(
      'serin_worker_restarts_total{reason="exit"} 0\n',
    );
    expect(service.workerPids()).toContain(worker);
    expect(await service.stop()).toBe(0);
  });

  it.each<[string, readonly [string, ...string[]]]>([
    ['nohup of a shell that names the program', ['bash', '-c', 'nohup SERIN; exit $?']],
    ['a script under nohup', ['nohup', 'sh', '-c', 'SERIN; exit $?']],
  ])('is ignored under %s', async (_, command) => {
    const service = Service.startedBy(command);
    const { pid } = await service.line(({ msg }) => msg === 'listening');
    await service.line(({ msg }) => msg === 'ready');
    process.kill(Number(pid), 'SIGHUP');
    process.kill(Number(pid), 'SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(await service.line(({ msg }) => msg === 'leaving')).toMatchObject({ signal: 'SIGTERM' });
  });
});

describe('on a terminal', () => {
  it('nohup makes the service outlive it', async ({ skip }) => {
    skip(!existsSync(SCRIPT), 'script of util-linux is not installed');
    const terminal = spawn(SCRIPT, ['-qec', `nohup '${process.execPath}' '${MAIN}'`, '/dev/null'], {
      env: environment(),
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const lines = (): { msg: string; pid?: number; url?: string; signal?: string }[] =>
      readFileSync(join(folder, 'nohup.out'), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as never);
    const line = (msg: string) =>
      vi.waitUntil(() => existsSync(join(folder, 'nohup.out')) && lines().find((one) => one.msg === msg), {
        timeout: 30_000,
      });
    const { pid = 0, url = '' } = await line('listening');
    await line('ready');
    terminal.kill('SIGKILL');
    await once(terminal, 'exit');
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    process.kill(pid, 'SIGTERM');
    expect((await line('leaving')).signal).toBe('SIGTERM');
    await expectGone([pid]);
  });

  it('words tell where it is once answers come, and it ends in order when the terminal is gone', async ({
    skip,
  }) => {
    skip(!existsSync(SCRIPT), 'script of util-linux is not installed');
    const terminal = spawn(SCRIPT, ['-qec', `exec '${process.execPath}' '${MAIN}'`, '/dev/null'], {
      env: environment(),
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let shown = '';
    terminal.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    const [, url = ''] = await vi.waitUntil(() => /browser: (http:\S+)\/docs\r\n/.exec(shown), {
      timeout: 30_000,
    });
    expect(shown).toMatch(/^serin: loading the models \.\.\.\r\n/);
    // An address that is shown earlier is opened earlier, and answers 503.
    expect(shown.slice(0, shown.indexOf('serin: ready'))).not.toContain('http');
    expect(shown).toMatch(/serin: ready after \d+\.\d s: http:\/\/127\.0\.0\.1:\d+\r\n/);
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    const [service = 0] = childrenOf(terminal.pid ?? 0);
    const workers = childrenOf(service);
    terminal.kill('SIGKILL');
    await expectGone([service, ...workers]);
  });
});
