import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lockHolder, LockLost, takeLock } from '../../../src/files/output-lock.js';

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
    await beat();
    expect(modified()).toBeGreaterThan(LONG_AGO.getTime() + 30_000);
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
