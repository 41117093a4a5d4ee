import { join } from 'node:path';
import { replaceFile } from '../../base/files/replace-file.js';
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
  try {
    // Whoever serves the registry reads it, often as another user.
    await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, 0o644);
  } catch (error) {
    throw new StartError(`The record ${path} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return path;
}
