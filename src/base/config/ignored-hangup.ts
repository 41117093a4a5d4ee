import { basename } from 'node:path';
import { readTextOrNull } from '../read-text.js';

/** SIGHUP is the first bit of a mask of signals. */
const HANGUP = 1n;

/** The two lowest bits of the flags of an open file, octal in /proc: 1 is write-only. */
const ACCESS_MODE = 0o3;
const WRITE_ONLY = 0o1;

const parentPid = (status: string | null): string | undefined =>
  /^PPid:\s+([1-9]\d*)$/m.exec(status ?? '')?.[1];

const isIgnoredIn = (status: string | null): boolean => {
  const mask = /^SigIgn:\s+([0-9a-f]+)$/m.exec(status ?? '')?.[1];
  return mask !== undefined && (BigInt(`0x${mask}`) & HANGUP) === HANGUP;
};

/**
 * Whether SIGHUP was ignored when this process was started, as `nohup` makes it. Node.js sets every signal back to its
 * default before any of our code runs, so the process cannot ask for what it has inherited. What still tells of it:
 *
 * - `_`, in which bash and zsh name the program that they started: `nohup` itself.
 * - A standard input that can only be written to: in place of a terminal, `nohup` of the GNU coreutils opens /dev/null so.
 * - The parent process ignores SIGHUP: what it starts inherits that, such as the commands of a script under `nohup`.
 *
 * Where none of them is found, the answer is no.
 * @param read the text of a file; null when there is none
 */
export function hangupWasIgnored(
  env: NodeJS.ProcessEnv = process.env,
  read: (path: string) => string | null = readTextOrNull,
): boolean {
  if (basename(env._ ?? '') === 'nohup') return true;
  const flags = /^flags:\s+([0-7]+)$/m.exec(read('/proc/self/fdinfo/0') ?? '')?.[1];
  if (flags !== undefined && (Number.parseInt(flags, 8) & ACCESS_MODE) === WRITE_ONLY) return true;
  const parent = parentPid(read('/proc/self/status'));
  return parent !== undefined && isIgnoredIn(read(`/proc/${parent}/status`));
}
