import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { StartError } from '../errors/start-error.js';
import { writeError } from './write-error.js';

const HEARTBEAT_MS = 2_000;

/** A holder that this process cannot look at (another machine or container) counts as dead after this long without a sign. */
const SILENCE_MS = 15_000;

/** Far longer than {@link removeAbandoned} has a lock aside that it puts back. */
const ASIDE_MS = 100;

interface Holder {
  readonly pid: number;
  /** When the process began, in the kernel's ticks: a pid alone may belong to another process by now. */
  readonly started: string;
  /** Names the boot and the process namespace in which `pid` means something. */
  readonly scope: string;
  /** Tells this holder from any other; locks of older releases have none. */
  readonly token?: string;
}

/** Another run has taken the output: it had heard nothing of this one for too long, e.g. of a machine that stood still. */
export class LockLost extends StartError {}

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

const heldBy = (path: string, content: string): string =>
  `Another run writes this output (process ${/"pid":(\d+)/.exec(content)?.[1] ?? 'unknown'}; ${path}). Wait for it, or choose another name.`;

/** The lock appears with its content, or not at all: a link is made from a file that is already written. */
function tryTake(path: string, token: string): OutputLock | null {
  // Not named by the process: in two containers that share a folder both may be number 1.
  const mine = `${path}.${token}`;
  const holder: Holder = { pid: process.pid, started: startOf(process.pid), scope: scope(), token };
  const content = JSON.stringify(holder);
  try {
    writeFileSync(mine, content);
    linkSync(mine, path);
    return new OutputLock(path, content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw writeError(path, error);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Takes an abandoned lock away, unless somebody else did and already has a new one in its place. */
function removeAbandoned(path: string, content: string, token: string): void {
  const aside = `${path}.${token}.old`;
  try {
    renameSync(path, aside);
    if (readText(aside) !== content) linkSync(aside, path);
  } catch {
    // Somebody else was faster.
  }
  rmSync(aside, { force: true });
}

/** A lock that was taken: kept fresh until it is released, and left alone from the moment that it is somebody else's. */
export class OutputLock {
  private readonly heartbeat: NodeJS.Timeout;
  private isBeating = false;
  private lost = false;

  /** @param content of the file, as only this holder writes it */
  constructor(
    private readonly path: string,
    private readonly content: string,
  ) {
    this.heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS);
    this.heartbeat.unref();
  }

  /** True once a heartbeat has found that somebody else has taken it, or removed it. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Whether nobody else has taken it, or removed it, meanwhile: to be asked before each write. */
  async isOurs(): Promise<boolean> {
    let found = await this.read();
    if (found === null) {
      await delay(ASIDE_MS);
      found = await this.read();
    }
    return found === this.content;
  }

  /** @throws LockLost unless it is still ours */
  async check(): Promise<void> {
    if (await this.isOurs()) return;
    const content = readText(this.path);
    throw new LockLost(
      content === null
        ? `${this.path} is gone: another run may have written this output meanwhile. Run the same command again.`
        : heldBy(this.path, content),
    );
  }

  /** Gives it back; safe to call twice, and when the process is about to exit. */
  release(): void {
    clearInterval(this.heartbeat);
    if (readText(this.path) === this.content) rmSync(this.path, { force: true });
  }

  private async beat(): Promise<void> {
    // On a disk that hangs they would pile up.
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      if (await this.isOurs()) await utimes(this.path, new Date(), new Date());
      else this.lost = true;
    } catch {
      // What fails here fails where the output is written, too.
    } finally {
      this.isBeating = false;
    }
  }

  /** Null when there is none. One that cannot be read is no sign of another holder: whoever writes there will see. */
  private async read(): Promise<string | null> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return ['ENOENT', 'ENOTDIR'].includes(code) ? null : this.content;
    }
  }
}

/**
 * Takes the lock of an output, which ends with its process however that ends.
 * @throws StartError when another run holds it, or nothing can be written there
 */
export function takeLock(path: string): OutputLock {
  const token = randomUUID();
  for (let tries = 0; ; tries++) {
    const lock = tryTake(path, token);
    if (lock !== null) return lock;
    const content = readText(path);
    if (content === null) continue;
    if (tries > 2 || !isAbandoned(path, content)) throw new StartError(heldBy(path, content));
    removeAbandoned(path, content, token);
  }
}
