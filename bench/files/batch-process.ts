import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Summary } from '../../src/tools/batch/run-summary.js';
import { ROOT } from '../base/paths.js';
import { MODEL, type Version } from '../base/plan.js';
import { serinEnvironment } from '../base/run-command.js';

/** The closing figures of `serin batch --json` that the bench reads. */
export type BatchSummary = Pick<Summary, 'lines' | 'errors' | 'resumed_lines' | 'texts_per_s'>;

export interface BatchEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly wallMs: number;
  /** Undefined when it was killed before it wrote them. */
  readonly summary: BatchSummary | undefined;
  readonly stderr: string;
}

export interface BatchJob {
  readonly entry: string;
  readonly input: string;
  readonly output: string;
  readonly version: Version;
}

/** `serin batch` as a user starts it, leader of a process group of its own. */
export class BatchProcess {
  private readonly child: ChildProcess;
  private readonly startedAt = performance.now();
  private stdout = '';
  private stderr = '';

  constructor({ entry, input, output, version }: BatchJob) {
    const args = [entry, 'batch', input, output, '--model', MODEL, '--version', version, '--json'];
    this.child = spawn(process.execPath, args, {
      cwd: ROOT,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: serinEnvironment(),
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    process.once('exit', this.killOnExit);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('serin batch could not be started');
    return this.child.pid;
  }

  /** @param everything its workers too, as when the machine goes; otherwise they must notice by themselves */
  kill(everything: boolean): void {
    try {
      process.kill(everything ? -this.pid : this.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  async ended(): Promise<BatchEnd> {
    const { child } = this;
    // Not 'close': orphaned workers hold stderr open for as long as they live.
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    const wallMs = performance.now() - this.startedAt;
    process.off('exit', this.killOnExit);
    if (child.signalCode === null && child.stdout?.readableEnded === false) await once(child.stdout, 'end');
    const { stdout, stderr } = this;
    const summary = stdout === '' ? undefined : (JSON.parse(stdout) as BatchSummary);
    return { code: child.exitCode, signal: child.signalCode, wallMs, summary, stderr };
  }

  private readonly killOnExit = (): void => {
    this.kill(true);
  };
}

/** Runs a job that nothing disturbs. @throws Error when it does not end well */
export async function runWhole(job: BatchJob): Promise<BatchEnd & { readonly summary: BatchSummary }> {
  return wholeEnd(await new BatchProcess(job).ended());
}

/** @throws Error when the run did not end well */
export function wholeEnd(end: BatchEnd): BatchEnd & { readonly summary: BatchSummary } {
  const { code, summary, stderr } = end;
  if (code !== 0 || summary === undefined) {
    throw new Error(`serin batch ended with ${String(code)}:\n${stderr.slice(-2_000)}`);
  }
  return { ...end, summary };
}
