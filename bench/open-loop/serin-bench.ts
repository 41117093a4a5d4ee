import { spawn } from 'node:child_process';
import { ROOT, MODEL_REGISTRY } from '../base/paths.js';
import type { BenchDocument } from './bench-document.js';

/** Done, or done with requests that failed or a generator that was late: either way there is a report. */
const REPORTED = [0, 1];

/**
 * Runs `serin bench --json` with no settings of the caller's environment.
 * @param entry the script that is the command `serin`
 * @throws Error with what it said when it has nothing to report
 */
export async function serinBench(entry: string, args: readonly string[]): Promise<BenchDocument> {
  const child = spawn(process.execPath, [entry, 'bench', '--json', ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: process.env.HOME, MODEL_REGISTRY },
  });
  // Told to end rather than killed: it ends the service that it has started.
  const stop = (): void => void child.kill('SIGTERM');
  process.once('exit', stop);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  process.off('exit', stop);
  if (code === null || !REPORTED.includes(code) || stdout === '') {
    throw new Error(`serin bench ${args.join(' ')} ended with ${String(code)}:\n${stderr}`);
  }
  return JSON.parse(stdout) as BenchDocument;
}
