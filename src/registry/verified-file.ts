import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRecord } from './manifest.js';

/**
 * Reads one whole file of a version and checks its digest. The returned bytes are exactly the checked ones, so a file
 * that is replaced on the disk meanwhile has no effect.
 * @throws Error with a sentence when the file is missing, is not in the manifest, or does not match its digest
 */
export async function readVerifiedFile(
  folder: string,
  files: Readonly<Record<string, FileRecord>>,
  file: string,
): Promise<Buffer> {
  const record = files[file];
  if (record === undefined) throw new Error(`manifest.json names no ${file}`);
  const bytes = await readFile(join(folder, file));
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== record.sha256) throw new Error(digestMismatch(file, record.sha256, sha256));
  return bytes;
}

/** The sentence about a file whose digest differs from the manifest's. */
export function digestMismatch(file: string, expected: string, found: string): string {
  return `${file} does not match its digest in manifest.json (expected ${expected.slice(0, 12)}…, found ${found.slice(0, 12)}…)`;
}
