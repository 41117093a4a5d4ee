import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { readTextOrNull } from '../read-text.js';
import { StartError } from '../errors/start-error.js';
import { writeError } from './write-error.js';

const HEARTBEAT_MS = 2_000;

/**
 * A holder that this process cannot inspect (on another machine or in another container) counts as dead after this time
 * without a heartbeat.
 */
const SILENCE_MS = 15_000;

/** Interval at which a waiting process checks the lock. */
const LOOK_MS = 200;

/** Far longer than the time for which {@link removeAbandoned} moves a lock aside before it restores it. */
const ASIDE_MS = 100;

interface Holder {
  readonly pid: number;
  /** When the process began, in the kernel's ticks: a pid alone may belong to another process by now. */
  readonly started: string;
  /** Identifies the boot and the process namespace in which `pid` is valid. */
  readonly scope: string;
  /** Unique token of this holder; absent in locks of older releases. */
  readonly token?: string;
}

/** Another run holds the output. */
export class LockHeld extends StartError {
  /**
   * @param isElsewhere true when this process cannot inspect the holder; only missing heartbeats show that it is dead
   */
  constructor(
    message: string,
    readonly isElsewhere: boolean,
  ) {
    super(message);
  }
}

/** Another run has taken the output, because this run sent no heartbeat for too long, e.g. on a suspended machine. */
export class LockLost extends StartError {}

/** Fields 3 and 22 of /proc/<pid>/stat. Field 2, the command, may contain blanks and parentheses. */
function statOf(pid: number): { readonly state: string; readonly started: string } {
  const stat = readTextOrNull(`/proc/${String(pid)}/stat`) ?? '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

function scope(): string {
  const boot = readTextOrNull('/proc/sys/kernel/random/boot_id')?.trim() ?? hostname();
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
  const stat = statOf(pid);
  // A zombie process has ended and holds no lock, even if its parent has not read its exit code yet.
  return stat.started === started && !['Z', 'X'].includes(stat.state);
}

function holderOf(content: string): Holder | null {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return null;
  }
}

/** 0 for a lock that is not there or cannot be examined: taking it says why. */
function touchedAt(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function isAbandoned(path: string, content: string): boolean {
  const holder = holderOf(content);
  if (holder === null) return true;
  if (holder.scope === scope()) return !isAlive(holder);
  return Date.now() - touchedAt(path) > SILENCE_MS;
}

/** The id of the process that holds a lock, 0 if it is unknown; null when no live process holds it. Changes no file. */
export function lockHolder(path: string): number | null {
  const content = readTextOrNull(path);
  if (content === null || isAbandoned(path, content)) return null;
  return Number(/"pid":(\d+)/.exec(content)?.[1] ?? 0);
}

const heldBy = (path: string, content: string): string =>
  `Another run writes this output (process ${/"pid":(\d+)/.exec(content)?.[1] ?? 'unknown'}; ${path}). Wait for it, or choose another name.`;

/** Creates the lock together with its content: the file is written first, and then linked to the name of the lock. */
function tryTake(path: string, token: string): OutputLock | null {
  // The name contains no process id, because two containers that share a folder may both have process 1.
  const mine = `${path}.${token}`;
  const holder: Holder = { pid: process.pid, started: statOf(process.pid).started, scope: scope(), token };
  const content = JSON.stringify(holder);
  try {
    writeFileSync(mine, content);
    linkSync(mine, path);
    return new OutputLock(path, content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw writeError(path, error);
  } finally {
    removeQuietly(mine);
  }
}

/** Removes a file of ours; where that fails, the call that made it has said why, or will. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A path below a file, for one.
  }
}

/** Removes an abandoned lock, unless another process has already replaced it by a new one. */
function removeAbandoned(path: string, content: string, token: string): void {
  const aside = `${path}.${token}.old`;
  try {
    renameSync(path, aside);
    if (readTextOrNull(aside) !== content) linkSync(aside, path);
  } catch {
    // Another process was faster.
  }
  removeQuietly(aside);
}

/**
 * A lock that this process has taken. Heartbeats keep it fresh until it is released; once another process has taken it,
 * it is no longer touched.
 */
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

  /** True once a heartbeat has found that another process has taken or removed the lock. */
  get isLost(): boolean {
    return this.lost;
  }

  /** Whether this process still holds the lock. Call this before each write. */
  async isOurs(): Promise<boolean> {
    let found = await this.read();
    if (found === null) {
      await delay(ASIDE_MS);
      found = await this.read();
    }
    return found === this.content;
  }

  /** @throws LockLost unless this process still holds the lock */
  async check(): Promise<void> {
    if (await this.isOurs()) return;
    const content = readTextOrNull(this.path);
    throw new LockLost(
      content === null
        ? `${this.path} is gone: another run may have written this output meanwhile. Run the same command again.`
        : heldBy(this.path, content),
    );
  }

  /** Releases the lock. Safe to call twice, and when the process is about to exit. */
  release(): void {
    clearInterval(this.heartbeat);
    if (readTextOrNull(this.path) === this.content) removeQuietly(this.path);
  }

  private async beat(): Promise<void> {
    // On a hanging disk, heartbeats would pile up.
    if (this.isBeating) return;
    this.isBeating = true;
    try {
      if (await this.isOurs()) await utimes(this.path, new Date(), new Date());
      else this.lost = true;
    } catch {
      // The same problem also fails the writes of the output, which report it.
    } finally {
      this.isBeating = false;
    }
  }

  /**
   * The content of the lock; null when there is none. If it cannot be read, its own content is returned: that is no
   * sign of another holder, and the writes of the output will report the problem.
   */
  private async read(): Promise<string | null> {
    try {
      return await readFile(this.path, 'utf8');
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      return ['ENOENT', 'ENOTDIR'].includes(code) ? null : this.content;
    }
  }
}

/** The content of a lock; null when it was removed just now. @throws StartError when it exists but cannot be read */
function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new StartError(
      `${path} cannot be read (${code}), so nobody can tell whether another run writes this output. Remove it if none does.`,
    );
  }
}

/** Attempts to take a lock that is abandoned, or that is removed while it is checked. */
const TRIES = 10;

/**
 * Takes the lock of an output. The lock becomes invalid when its process ends, in whatever way.
 * @throws LockHeld when another run holds it; StartError when that cannot be determined, or the folder cannot be
 *   written
 */
export function takeLock(path: string): OutputLock {
  const token = randomUUID();
  for (let tries = 0; tries < TRIES; tries++) {
    const lock = tryTake(path, token);
    if (lock !== null) return lock;
    const content = readLock(path);
    if (content === null) continue;
    if (!isAbandoned(path, content)) {
      throw new LockHeld(heldBy(path, content), holderOf(content)?.scope !== scope());
    }
    removeAbandoned(path, content, token);
  }
  throw new StartError(`${path} cannot be taken: something is there that is no lock. Remove it.`);
}

/**
 * As {@link takeLock}, but waits to see whether a holder on another machine or in another container is alive. A killed
 * container may be restarted before its old lock counts as abandoned.
 * @param say called once if the function has to wait
 * @throws as takeLock, when the holder is alive
 */
export async function takeLockPatiently(path: string, say: (sentence: string) => void): Promise<OutputLock> {
  const first = touchedAt(path);
  for (let waits = 0; ; waits++) {
    try {
      return takeLock(path);
    } catch (error) {
      if (!(error instanceof LockHeld) || !error.isElsewhere || touchedAt(path) > first) throw error;
    }
    if (waits === 0) {
      say(
        `${path} is from another machine or container; waiting for up to ${SILENCE_MS / 1000} s to see whether it is alive`,
      );
    }
    await delay(LOOK_MS);
  }
}
