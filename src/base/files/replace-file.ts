import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Called after the new content is written and before the file is renamed. If it throws, the old content stays. */
export type LastCheck = () => Promise<void>;

/**
 * Replaces a file atomically: a reader finds either the old or the new content, even after a kill or a power cut. The
 * folder must exist.
 * @param mode mode of the new file; by default only its owner may read it
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
