import { readdirSync, statSync } from 'node:fs';
import { rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { lockHolder } from '../base/files/output-lock.js';

/**
 * Names of folders that exist only while a version is made, replaced or removed. They begin with a dot, so that the
 * registry ignores them, and end with the id of the process.
 */
export const halfMadeNames = {
  made: (version: string): string => `.${version}.new-${process.pid}`,
  replaced: (version: string): string => `.replaced-${version}-${process.pid}`,
  removed: (version: string): string => `.removed-${version}-${process.pid}`,
};

/** The lock of a folder in which a version is made: it is held as long as its process lives. */
export const lockOf = (folder: string): string => `${folder}.lock`;

const MADE = /^\.(?<version>.+)\.new-(?<pid>\d+)(?<lock>\.lock)?$/;
const REPLACED = /^\.replaced-(?<version>.+)-(?<pid>\d+)$/;
const REMOVED = /^\.removed-.+-(?<pid>\d+)$/;

/**
 * Removes what processes that were killed have left in the folders of a registry's models. A version that was moved
 * aside and not replaced any more gets its name back.
 * @param say called with a sentence about each folder
 */
export async function sweepHalfMade(registry: string, say: (sentence: string) => void): Promise<void> {
  for (const name of namesIn(registry)) {
    const folder = join(registry, name);
    if (isFolder(folder)) await sweepModelFolder(folder, say);
  }
}

/** As {@link sweepHalfMade}, for one folder that versions are made in; the folder goes too when nothing else is in it. */
export async function sweepModelFolder(folder: string, say: (sentence: string) => void): Promise<void> {
  const names = namesIn(folder);
  const left = names.filter((name) => isAbandoned(folder, name, names));
  for (const name of left) {
    const version = REPLACED.exec(name)?.groups?.version;
    const home = version === undefined || names.includes(version) ? null : join(folder, version);
    await settle(join(folder, name), home, say);
  }
  // It fails where the folder has other content, and that is correct.
  if (left.length > 0) await rmdir(folder).catch(() => undefined);
}

/** @param home where the folder belongs; null: nowhere, and it is removed */
async function settle(path: string, home: string | null, say: (sentence: string) => void): Promise<void> {
  try {
    if (home === null) await rm(path, { recursive: true, force: true });
    else await rename(path, home);
  } catch (error) {
    say(`${path} was left by a process that has ended, and cannot be removed: ${(error as Error).message}`);
    return;
  }
  if (home !== null) say(`${home} is back: a process that has ended had moved it aside to replace it`);
  else if (!path.endsWith('.lock')) say(`${path} is removed: the process that made it has ended`);
}

function isAbandoned(folder: string, name: string, names: readonly string[]): boolean {
  const made = MADE.exec(name)?.groups;
  if (made !== undefined) {
    const { pid = '', lock } = made;
    const lockName = lock === undefined ? lockOf(name) : name;
    // Earlier releases made folders without a lock.
    return names.includes(lockName) ? lockHolder(join(folder, lockName)) === null : !runs(pid);
  }
  const replaced = REPLACED.exec(name)?.groups;
  if (replaced !== undefined) {
    const { version, pid = '' } = replaced;
    // Whoever replaces the version holds the lock of the folder that takes its place.
    const isBeingReplaced = names.some(
      (other) =>
        other.endsWith('.lock') &&
        MADE.exec(other)?.groups?.version === version &&
        lockHolder(join(folder, other)) !== null,
    );
    return !isBeingReplaced && !runs(pid);
  }
  const removed = REMOVED.exec(name)?.groups;
  return removed !== undefined && !runs(removed.pid ?? '');
}

/** Whether another process of this id runs here. This process has nothing half-made when it sweeps. */
function runs(pid: string): boolean {
  if (Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The next step needs the folder and says what is wrong with it.
    return [];
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
