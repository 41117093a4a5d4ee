import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../src/base/free-port.js';
import { ROOT } from '../base/paths.js';
import { VERSIONS } from '../base/plan.js';
import { serinEnvironment } from '../base/run-command.js';
import { predictBody } from '../load/predict.js';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
/** Asked this often whether it is ready: the resolution of the start time. */
const POLL_MS = 10;
/** Characters of the service's log that are shown when it fails. */
const LOG_TAIL = 2_000;

/** As `npm start` and the container image start it. */
const NODE_FLAGS = ['--max-semi-space-size=32'];

/** The service as a user starts it: its own process, default settings, its log in a file. */
export class ServiceProcess {
  private constructor(
    readonly url: string,
    /** From spawning `node` until it said ready and had answered with every version. */
    readonly startMs: number,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param workFolder for its log and its state
   * @param settings environment variables that change its defaults
   */
  static async start(
    entry: string,
    workFolder: string,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<ServiceProcess> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const logPath = join(workFolder, 'service.log');
    const log = openSync(logPath, 'w');
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...NODE_FLAGS, entry, 'serve'], {
      cwd: ROOT,
      stdio: ['ignore', log, log],
      env: serinEnvironment({ PORT: String(port), STATE_DIR: workFolder, ...settings }),
    });
    closeSync(log);
    // Whatever ends the bench ends the service too; a child that has ended ignores this.
    process.once('exit', () => child.kill('SIGKILL'));
    while (!(await isReady(url))) {
      if (child.exitCode !== null || performance.now() - startedAt > START_LIMIT_MS) {
        child.kill('SIGKILL');
        throw new Error(
          `the service did not become ready:\n${readFileSync(logPath, 'utf8').slice(-LOG_TAIL)}`,
        );
      }
      await delay(POLL_MS);
    }
    return new ServiceProcess(url, performance.now() - startedAt, child);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the service has no process');
    return this.child.pid;
  }

  /**
   * Sends a JSON document.
   * @param token of an administrator; undefined: none
   * @throws Error when the service refuses it
   */
  async send(method: 'POST' | 'PUT', path: string, body: object, token?: string): Promise<void> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits for the end of the process. @throws Error when it does not end */
  async ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    const { child } = this;
    const limit = performance.now() + STOP_LIMIT_MS;
    while (child.exitCode === null && child.signalCode === null) {
      if (performance.now() > limit) {
        child.kill('SIGKILL');
        throw new Error('the service did not end when it was told to');
      }
      await delay(POLL_MS);
    }
    return { code: child.exitCode, signal: child.signalCode };
  }

  /** SIGINT: the end without the delay that SIGTERM keeps for load balancers. */
  async close(): Promise<void> {
    this.signal('SIGINT');
    await this.ended();
  }
}

/** Ready is what its probe says, and that each version really answers. */
async function isReady(url: string): Promise<boolean> {
  try {
    const probe = await fetch(`${url}/health/ready`);
    await probe.arrayBuffer();
    if (!probe.ok) return false;
    const answers = await Promise.all(
      VERSIONS.map(async (version) => {
        const answer = await fetch(`${url}/predict`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: predictBody('a start', version),
        });
        await answer.arrayBuffer();
        return answer.ok;
      }),
    );
    return answers.every(Boolean);
  } catch {
    return false;
  }
}
