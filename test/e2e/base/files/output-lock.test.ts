import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  LockHeld,
  lockHolder,
  LockLost,
  takeLock,
  takeLockPatiently,
} from '../../../../src/base/files/output-lock.js';

const OTHERS = JSON.stringify({ pid: 17, started: '', scope: 'another container', token: 'theirs' });
/** As releases wrote them that knew no token. */
const OLDER = JSON.stringify({ pid: 17, started: '', scope: 'another container' });
const LONG_AGO = new Date(Date.now() - 60_000);

let folder: string;
let path: string;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  folder = mkdtempSync(join(tmpdir(), 'serin-lock-'));
  path = join(folder, 'out.lock');
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(folder, { recursive: true });
});

/** As a second process takes an abandoned lock: the file is another one. */
function replace(content = OTHERS): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}

/** Lets the heartbeat come, and what it does end. */
async function beat(): Promise<void> {
  vi.advanceTimersByTime(2_000);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const modified = (): number => statSync(path).mtimeMs;

describe('a lock that was taken', () => {
  it('is ours, is kept fresh, and is gone when it is released', async () => {
    const lock = takeLock(path);
    expect(readdirSync(folder)).toEqual(['out.lock']);
    expect(lockHolder(path)).toBe(process.pid);
    expect(await lock.isOurs()).toBe(true);
    utimesSync(path, LONG_AGO, LONG_AGO);
    vi.advanceTimersByTime(2_000);
    await vi.waitFor(() => {
      expect(modified()).toBeGreaterThan(LONG_AGO.getTime() + 30_000);
    });
    expect(lock.isLost).toBe(false);
    lock.release();
    lock.release();
    expect(existsSync(path)).toBe(false);
    expect(await lock.isOurs()).toBe(false);
  });

  it('keeps another one out, also in the same process', () => {
    const lock = takeLock(path);
    expect(() => takeLock(path)).toThrow(
      `Another run writes this output (process ${String(process.pid)}; ${path}). Wait for it, or choose another name.`,
    );
    lock.release();
    takeLock(path).release();
  });
});

describe('a lock that another process has taken over', () => {
  it('is not ours, and says whose it is', async () => {
    const lock = takeLock(path);
    await expect(lock.check()).resolves.toBeUndefined();
    replace();
    expect(await lock.isOurs()).toBe(false);
    const sentence = `Another run writes this output (process 17; ${path}). Wait for it, or choose another name.`;
    await expect(lock.check()).rejects.toThrow(new LockLost(sentence));
    lock.release();
  });

  it('is not kept fresh, and not removed', async () => {
    const lock = takeLock(path);
    replace();
    utimesSync(path, LONG_AGO, LONG_AGO);
    await beat();
    expect(modified()).toBeCloseTo(LONG_AGO.getTime(), 1);
    lock.release();
    expect(readFileSync(path, 'utf8')).toBe(OTHERS);
  });

  it('is lost even to another one of the same process', async () => {
    const first = takeLock(path);
    rmSync(path);
    const second = takeLock(path);
    first.release();
    expect(await first.isOurs()).toBe(false);
    expect(await second.isOurs()).toBe(true);
    second.release();
  });

  it('is lost when it is gone', async () => {
    const lock = takeLock(path);
    rmSync(path);
    expect(await lock.isOurs()).toBe(false);
    vi.advanceTimersByTime(2_000);
    await vi.waitFor(() => {
      expect(lock.isLost).toBe(true);
    });
    await expect(lock.check()).rejects.toThrow(/out\.lock is gone: .*Run the same command again\.$/);
    lock.release();
  });

  it('is not lost while it is looked at aside for a moment', async () => {
    const lock = takeLock(path);
    renameSync(path, `${path}.old`);
    setTimeout(() => {
      renameSync(`${path}.old`, path);
    }, 30);
    expect(await lock.isOurs()).toBe(true);
    lock.release();
  });
});

describe('a lock of somebody who cannot be looked at', () => {
  it.each([
    ['this release', OTHERS],
    ['an older release', OLDER],
  ])('of %s holds while it is fresh, and is taken after 15 s of silence', (_what, content) => {
    replace(content);
    expect(lockHolder(path)).toBe(17);
    expect(() => takeLock(path)).toThrow('(process 17;');
    utimesSync(path, LONG_AGO, LONG_AGO);
    expect(lockHolder(path)).toBeNull();
    const lock = takeLock(path);
    expect(lockHolder(path)).toBe(process.pid);
    expect(readdirSync(folder)).toEqual(['out.lock']);
    lock.release();
  });
});

describe('a lock that may be left over', () => {
  it('of a process that was killed and that its parent has not asked for is taken', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn('sleep', ['60']);
      process.stdout.write(String(child.pid));
      process.kill(process.pid, 'SIGSTOP');`;
    const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    const child = Number(pid.toString());
    const stat = (): string[] =>
      readFileSync(`/proc/${String(child)}/stat`, 'utf8')
        .split(') ')[1]
        ?.split(' ') ?? [];
    const started = stat()[19];
    const lock = takeLock(path);
    const mine = JSON.parse(readFileSync(path, 'utf8')) as object;
    lock.release();
    replace(JSON.stringify({ ...mine, pid: child, started }));
    expect(() => takeLock(path)).toThrow(LockHeld);
    await vi.waitFor(() => {
      expect(readFileSync(`/proc/${String(parent.pid)}/stat`, 'utf8')).toContain(') T ');
    });
    process.kill(child, 'SIGKILL');
    await vi.waitFor(() => {
      expect(stat()[0]).toBe('Z');
    });
    takeLock(path).release();
    parent.kill('SIGKILL');
  });

  it.each([
    [
      'a folder',
      () => {
        mkdirSync(path);
      },
      /out\.lock cannot be read \(EISDIR\), .*Remove it if none does\.$/,
    ],
    [
      'a link to nowhere',
      () => {
        symlinkSync('/nonexistent/lock', path);
      },
      /something is there that is no lock\. Remove it\.$/,
    ],
  ])('is %s: that is said, and nothing is tried for ever', (_, make, sentence) => {
    make();
    expect(() => takeLock(path)).toThrow(sentence);
  });

  it('of another container is waited for: taken when it stays silent, refused when it lives', async () => {
    const said: string[] = [];
    const say = (sentence: string): void => {
      said.push(sentence);
    };
    const nearlySilent = new Date(Date.now() - 14_500);
    replace();
    utimesSync(path, nearlySilent, nearlySilent);
    const lock = await takeLockPatiently(path, say);
    expect(said).toEqual([
      expect.stringMatching(/from another machine or container; waiting for up to 15 s/),
    ]);
    lock.release();

    replace();
    const waiting = takeLockPatiently(path, () => {
      utimesSync(path, new Date(Date.now() + 1_000), new Date(Date.now() + 1_000));
    });
    await expect(waiting).rejects.toThrow(LockHeld);
  });
});
