import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { ServiceUnderTest, type Settings } from '../support/service-under-test.js';

export type { LogLine, Settings } from '../support/service-under-test.js';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = resolve(ROOT, process.env.SERIN_DIST ?? 'dist');

/** A rollout that one test leaves behind must not decide about the traffic of the next. */
const STATE = mkdtempSync(join(tmpdir(), 'serin-state-'));
let services = 0;
const ownState = (): Settings => ({ STATE_DIR: join(STATE, String(++services)) });

/** One version instead of two, where it does not matter which: a service of it starts sooner. */
export const ONE_VERSION: Settings = { SERIN_CONFIG: join(import.meta.dirname, 'fixtures/one-version.yaml') };

/** What every test wants unless it says otherwise: a free port, no wait at the end, quick to start. */
const DEFAULTS: Settings = { PORT: '0', SHUTDOWN_DELAY_MS: '0', WORKERS: '1', SPARE_WORKERS: '0' };

function environment(settings: Settings): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, MODEL_REGISTRY } = process.env;
  return {
    PATH,
    HOME,
    TMPDIR,
    ...(MODEL_REGISTRY && { MODEL_REGISTRY }),
    ...DEFAULTS,
    ...ownState(),
    ...settings,
  };
}

/** A test that fails before it stops its service must not leave it behind. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(STATE, { recursive: true, force: true });
});

/** The real service, built, in a process of its own. */
export class Service extends ServiceUnderTest {
  stderr = '';

  private constructor(readonly child: ChildProcess) {
    super();
    if (child.stdout === null || child.stderr === null) throw new Error('no pipes');
    running.add(child);
    child.on('close', () => running.delete(child));
    child.on('exit', () => {
      this.logEnded(this.stderr);
    });
    createInterface(child.stdout).on('line', (line) => {
      this.receive(line);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  /**
   * Spawns the service and does not wait for anything.
   * @param script another one to run instead of the service's own, with the folder of the build as its argument.
   * @param openFiles how many files the process may open at once
   */
  static spawn(settings: Settings = {}, script = join(DIST, 'main.js'), openFiles?: number): Service {
    const command = [process.execPath, script, DIST];
    const limited = ['sh', '-c', `ulimit -n ${String(openFiles)}; exec "$0" "$@"`, ...command];
    const [program = '', ...args] = openFiles === undefined ? command : limited;
    const child = spawn(program, args, {
      cwd: ROOT,
      env: environment(settings),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new Service(child);
  }

  /**
   * A service that another program starts, which is given the built script.
   * @param command such as ['nohup', 'sh', '-c', …]; `SERIN` in it stands for the command that runs the service
   */
  static startedBy([program, ...args]: readonly [string, ...string[]]): Service {
    const own = `'${process.execPath}' '${join(DIST, 'main.js')}'`;
    const given = args.map((arg) => arg.replace('SERIN', own));
    const env = environment({ ...ONE_VERSION });
    return new Service(spawn(program, given, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Starts the service and waits until every configured version is loaded. */
  static async start(settings: Settings = {}, script?: string): Promise<Service> {
    const service = Service.spawn(settings, script);
    await service.listening();
    await service.line(({ msg }) => msg === 'ready');
    return service;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Waits until the port is open; the models may still be loading. */
  async listening(): Promise<void> {
    const { url } = await this.line(({ msg }) => msg === 'listening');
    this.url = String(url);
  }

  /** The processes that infer. */
  workerPids(): number[] {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, 'utf8');
    return children.trim().split(' ').filter(Boolean).map(Number);
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Waits until the process has ended; its exit code, or the signal that killed it. */
  async ended(): Promise<number | NodeJS.Signals> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    return child.exitCode ?? child.signalCode ?? -1;
  }

  /** Ends the service, in order. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM');
    return this.ended();
  }
}
