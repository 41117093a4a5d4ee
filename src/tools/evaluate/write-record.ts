import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../../base/errors/start-error.js';
import { ACCEPTANCE_FILE } from '../../registry/acceptance.js';
import type { AcceptanceRecord } from '../../registry/acceptance-record.js';

/**
 * Writes the verdict beside the manifest, as a whole: a service that reads it finds the old one or the new one.
 * @returns the path
 * @throws StartError when the folder cannot be written to
 */
export async function writeRecord(folder: string, record: AcceptanceRecord): Promise<string> {
  const path = join(folder, ACCEPTANCE_FILE);
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    // Whoever serves the registry reads it, often as another user.
    const file = await open(temporary, 'w', 0o644);
    try {
      await file.writeFile(`${JSON.stringify(record, null, 2)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new StartError(`The record ${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return path;
}
