import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, readlinkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { readTextOrNull } from '../read-text.js';
import { StartError } from '../errors/start-error.js';
import { writeError } from './write-error.js';

const HEARTBEAT_MS = 2_000;

/** A holder that this process cannot look at (another machine or container) counts as dead after this long without a sign. */
const SILENCE_MS = 15_000;

/** How often a lock that is waited for is looked at. */
const LOOK_MS = 200;

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

/** Another run holds the output. */
export class LockHeld extends StartError {
  /** @param isElsewhere it cannot be looked at from here: only time tells whether it still lives */
  constructor(
    message: string,
    readonly isElsewhere: boolean,
  ) {
    super(message);
  }
}

/** Another run has taken the output: it had heard nothing of this one for too long, e.g. of a machine that stood still. */
export class LockLost extends StartError {}

/** Fields 3 and 22 of /proc/<pid>/stat; the second one, the command, may hold blanks and brackets. */
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
  // A zombie has ended, and holds nothing, however long its parent takes to ask for its exit code.
  return stat.started === started && !['Z', 'X'].includes(stat.state);
}

function holderOf(content: string): Holder | null {
  try {
    return JSON.parse(content) as Holder;
  } catch {
    return null;
  }
}

const touchedAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function isAbandoned(path: string, content: string): boolean {
  const holder = holderOf(content);
  if (holder === null) return true;
  if (holder.scope === scope()) return !isAlive(holder);
  return Date.now() - touchedAt(path) > SILENCE_MS;
}

/** The process that holds a lock, as far as can be told from here; null when nobody does. Changes nothing. */
export function lockHolder(path: string): number | null {
  const content = readTextOrNull(path);
  if (content === null || isAbandoned(path, content)) return null;
  return Number(/"pid":(\d+)/.exec(content)?.[1] ?? 0);
}

const heldBy = (path: string, content: string): string =>
  `Another run writes this output (process ${/"pid":(\d+)/.exec(content)?.[1] ?? 'unknown'}; ${path}). Wait for it, or choose another name.`;

/** The lock appears with its content, or not at all: a link is made from a file that is already written. */
function tryTake(path: string, token: string): OutputLock | null {
  // Not named by the process: in two containers that share a folder both may be number 1.
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
    rmSync(mine, { force: true });
  }
}

/** Takes an abandoned lock away, unless somebody else did and already has a new one in its place. */
function removeAbandoned(path: string, content: string, token: string): void {
  const aside = `${path}.${token}.old`;
  try {
    renameSync(path, aside);
    if (readTextOrNull(aside) !== content) linkSync(aside, path);
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
    const content = readTextOrNull(this.path);
    throw new LockLost(
      content === null
        ? `${this.path} is gone: another run may have written this output meanwhile. Run the same command again.`
        : heldBy(this.path, content),
    );
  }

  /** Gives it back; safe to call twice, and when the process is about to exit. */
  release(): void {
    clearInterval(this.heartbeat);
    if (readTextOrNull(this.path) === this.content) rmSync(this.path, { force: true });
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

/** What a lock says; null when it has just gone. @throws StartError when it is there and cannot be read */
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

/** How often one that is abandoned, or gone when it is looked at, is tried again. */
const TRIES = 10;

/**
 * Takes the lock of an output, which ends with its process however that ends.
 * @throws LockHeld when another run holds it; StartError when that cannot be told, or nothing can be written there
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
 * As {@link takeLock}, but waits for one of another machine or container to show that it lives: a container that was
 * killed is started again before its lock has been silent for long enough.
 * @param say told once when it has to be waited for
 * @throws as takeLock, when the holder lives
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
