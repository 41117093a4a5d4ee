import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StartError } from '../base/errors/start-error.js';

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** What a rename onto a folder that holds something fails with, or onto a file. */
const TAKEN = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR']);

/**
 * Gives a folder that is whole the name of a version, by one rename, on the disk when this returns. What had the name
 * before is deleted once the new one has it, and gets it back when the new one cannot.
 * @param staged folder beside the target
 * @param replace whether another one may have the name; it may have come since somebody looked
 * @throws StartError when the name is taken and not to be replaced
 */
export async function publishFolder(staged: string, target: string, replace: boolean): Promise<void> {
  await syncFolder(staged);
  const before = join(dirname(target), `.replaced-${basename(target)}-${process.pid}`);
  const replaces = replace && (await moveAside(target, before));
  try {
    await rename(staged, target);
  } catch (error) {
    if (replaces) await rename(before, target);
    if (!TAKEN.has(codeOf(error) ?? '')) throw error;
    throw new StartError(`${target} has appeared meanwhile and is left as it is; --force replaces it.`, {
      cause: error,
    });
  }
  await syncFolder(dirname(target));
  if (replaces) await rm(before, { recursive: true, force: true });
}

/** @returns whether there was something to move */
async function moveAside(target: string, before: string): Promise<boolean> {
  try {
    await rename(target, before);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
