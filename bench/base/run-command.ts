import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MODEL_REGISTRY, ROOT } from './paths.js';

/** Characters of what a command wrote to stderr that are shown when it fails. */
const STDERR_TAIL = 2_000;

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The signal that it gets when the bench ends before it. */
  readonly endSignal?: NodeJS.Signals;
  /** Exit codes after which there is a result; beside 0 only with something on stdout. */
  readonly goodCodes?: readonly number[];
  /** Its name in messages. */
  readonly name?: string;
}

/**
 * Runs a command to its end.
 * @returns what it wrote to stdout
 * @throws Error with the end of its stderr when it fails
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { cwd, env, endSignal = 'SIGKILL', goodCodes = [0], name = command }: CommandOptions = {},
): Promise<string> {
  const options = { ...(cwd !== undefined && { cwd }), ...(env !== undefined && { env }) };
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): void => void child.kill(endSignal);
  process.once('exit', end);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  process.off('exit', end);
  const hasResult = code === 0 || stdout !== '';
  if (code === null || !goodCodes.includes(code) || !hasResult) {
    throw new Error(`${name} ended with ${String(code)}:\n${stderr.slice(-STDERR_TAIL)}`);
  }
  return stdout;
}

/** Environment of a `serin` whose defaults are measured: a setting of the caller's must not reach it. */
export const serinEnvironment = (settings: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  MODEL_REGISTRY,
  ...settings,
});

/**
 * Runs a command of `serin` to its end, with none of the caller's settings.
 * @param entry the script that is the command `serin`
 * @returns what it wrote to stdout
 * @throws Error with the end of its stderr when it fails
 */
export function runSerin(
  entry: string,
  args: readonly string[],
  options: Omit<CommandOptions, 'cwd' | 'name'> = {},
): Promise<string> {
  const name = `serin ${args.join(' ')}`;
  return runCommand(process.execPath, [entry, ...args], {
    env: serinEnvironment(),
    ...options,
    cwd: ROOT,
    name,
  });
}
