import {
  linkSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { StartError } from '../errors/start-error.js';
import { writeError } from './write-error.js';

const HEARTBEAT_MS = 2_000;

/** A holder that this process cannot look at (another machine or container) counts as dead after this long without a sign. */
const SILENCE_MS = 15_000;

interface Holder {
  readonly pid: number;
  /** When the process began, in the kernel's ticks: a pid alone may belong to another process by now. */
  readonly started: string;
  /** Names the boot and the process namespace in which `pid` means something. */
  readonly scope: string;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Field 22 of /proc/<pid>/stat; the second one, the command, may hold blanks and brackets. */
function startOf(pid: number): string {
  const stat = readText(`/proc/${String(pid)}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function scope(): string {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? hostname();
  try {
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return boot;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(pid) === started;
}

function isAbandoned(path: string, content: string): boolean {
  let holder: Holder;
  try {
    holder = JSON.parse(content) as Holder;
  } catch {
    return true;
  }
  if (holder.scope === scope()) return !isAlive(holder);
  const touched = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - touched > SILENCE_MS;
}

/** The process that holds a lock, as far as can be told from here; null when nobody does. Changes nothing. */
export function lockHolder(path: string): number | null {
  const content = readText(path);
  if (content === null || isAbandoned(path, content)) return null;
  return Number(/"pid":(\d+)/.exec(content)?.[1] ?? 0);
}

/** The lock appears with its content, or not at all: a link is made from a file that is already written. */
function tryTake(path: string): boolean {
  const mine = `${path}.${String(process.pid)}`;
  const holder: Holder = { pid: process.pid, started: startOf(process.pid), scope: scope() };
  try {
    writeFileSync(mine, JSON.stringify(holder));
    linkSync(mine, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw writeError(path, error);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Takes an abandoned lock away, unless somebody else did and already has a new one in its place. */
function removeAbandoned(path: string, content: string): void {
  const aside = `${path}.${String(process.pid)}.old`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== content) linkSync(aside, path);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}

/**
 * Takes the lock of an output, which ends with its process however that ends.
 * @returns what gives it back; safe to call when the process is about to exit
 * @throws StartError when another run holds it, or nothing can be written there
 */
export function takeLock(path: string): () => void {
  for (let tries = 0; !tryTake(path); tries++) {
    const content = readText(path);
    if (content === null) continue;
    if (tries > 2 || !isAbandoned(path, content)) {
      const pid = /"pid":(\d+)/.exec(content)?.[1] ?? 'unknown';
      throw new StartError(
        `Another run writes this output (process ${pid}; ${path}). Wait for it, or choose another name.`,
      );
    }
    removeAbandoned(path, content);
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Somebody removed the file by hand: there is nothing left to keep fresh.
    }
  }, HEARTBEAT_MS);
  heartbeat.unref();
  return () => {
    clearInterval(heartbeat);
    rmSync(path, { force: true });
  };
}
