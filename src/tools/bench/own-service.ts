import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../base/free-port.js';
import { StartError } from '../../base/errors/start-error.js';

/** The built command line, which stands beside this folder. */
const MAIN_FILE = join(import.meta.dirname, '../..', 'cli', 'main.js');
const START_LIMIT_MS = 120_000;
/** Once it can answer: what else must be loaded is waited for so long, and no longer. */
const SETTLE_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 15_000;
const POLL_MS = 100;
/** Characters of the service's log that are shown when it fails. */
const LOG_TAIL = 1_000;

export interface OwnServiceOptions {
  /** Its name in messages. */
  readonly name: string;
  /** HOST, PORT and STATE_DIR are chosen here. */
  readonly env: NodeJS.ProcessEnv;
  /** Spare workers that it will have: loading them would disturb what is measured. */
  readonly spareWorkers: number;
  readonly signal: AbortSignal;
}

/** A service of one's own on a free port, as `serin serve` starts it, with its log in a file and a state of its own. */
export class OwnService {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    // Whatever ends the command ends the service too; a child that has ended ignores this.
    process.once('exit', this.kill);
  }

  /**
   * Resolves when it is ready, and spare workers and other versions are loaded too.
   * @throws StartError when it does not start; AbortError
   */
  static async start(options: OwnServiceOptions): Promise<OwnService> {
    const port = String(await freePort());
    const folder = mkdtempSync(join(tmpdir(), 'serin-bench-'));
    const logFile = join(folder, 'service.log');
    const log = openSync(logFile, 'w');
    const child = spawn(process.execPath, [MAIN_FILE, 'serve'], {
      stdio: ['ignore', log, log],
      env: { ...options.env, HOST: '127.0.0.1', PORT: port, STATE_DIR: folder },
    });
    closeSync(log);
    const service = new OwnService(`http://127.0.0.1:${port}`, child, folder);
    try {
      await service.settled(options, logFile);
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** SIGINT: the end without the delay that SIGTERM keeps for load balancers. */
  async stop(): Promise<void> {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const late = setTimeout(this.kill, STOP_LIMIT_MS);
      await ended;
      clearTimeout(late);
    }
    process.off('exit', this.kill);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private readonly kill = (): void => void this.child.kill('SIGKILL');

  private async settled({ name, spareWorkers, signal }: OwnServiceOptions, logFile: string): Promise<void> {
    const until = performance.now() + START_LIMIT_MS;
    let readyAt: number | null = null;
    for (;;) {
      const now = performance.now();
      if (await isReady(this.url)) readyAt ??= now;
      if (readyAt !== null && (now > readyAt + SETTLE_LIMIT_MS || (await isSettled(this.url, spareWorkers))))
        return;
      const isOver = this.child.exitCode !== null || this.child.signalCode !== null;
      if (isOver || (readyAt === null && now > until)) throw notStarted(name, readFileSync(logFile, 'utf8'));
      await delay(POLL_MS, undefined, { signal });
    }
  }
}

/** A version that is still on its way, by GET /metrics. */
const ON_ITS_WAY = /^serin_version_state\{[^}]*state="(?:loading|warming)"[^}]*\} 1$/m;
const SPARES = /^serin_workers\{[^}]*state="spare"[^}]*\} (\d+)$/m;

async function isReady(url: string): Promise<boolean> {
  try {
    const probe = await fetch(`${url}/health/ready`);
    await probe.arrayBuffer();
    return probe.ok;
  } catch {
    return false;
  }
}

/** No version is on its way any more, and the spare workers are there. */
async function isSettled(url: string, spareWorkers: number): Promise<boolean> {
  let metrics: string;
  try {
    metrics = await (await fetch(`${url}/metrics`)).text();
  } catch {
    return false;
  }
  return !ON_ITS_WAY.test(metrics) && Number(SPARES.exec(metrics)?.[1] ?? 0) >= spareWorkers;
}

function notStarted(name: string, log: string): StartError {
  const [, said] = /^serin: (.*)$/ms.exec(log) ?? [];
  const why = said?.trim() ?? log.slice(-LOG_TAIL).trim();
  return new StartError(`The service ${name} did not become ready: ${why === '' ? 'it said nothing' : why}`);
}
