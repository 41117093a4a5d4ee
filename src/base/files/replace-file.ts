import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Asked when all is written but the name: what it throws leaves the old content. */
export type LastCheck = () => Promise<void>;

/**
 * Replaces a file as a whole: whoever reads it, also after a kill or a power cut, finds the old content or the new
 * one. The folder must exist.
 * @param mode of a new file: nobody else's business unless it is said
 * @throws Error of the file system, e.g. ENOSPC or EROFS
 */
export async function replaceFile(
  path: string,
  content: string,
  mode = 0o600,
  check: LastCheck = () => Promise.resolve(),
): Promise<void> {
  const temporary = `${path}.${String(process.pid)}.tmp`;
  try {
    const file = await open(temporary, 'w', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await check();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
