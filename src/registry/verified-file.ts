import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileRecord } from './manifest.js';

/**
 * Reads one file of a version whole, if it is what the manifest says. What is used is what was checked: a file
 * swapped on disk in between is never seen.
 * @throws Error with a sentence when it is missing, not named in the manifest, or does not match its digest
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

/** The sentence about a file whose digest is another than the manifest's. */
export function digestMismatch(file: string, expected: string, found: string): string {
  return `${file} does not match its digest in manifest.json (expected ${expected.slice(0, 12)}…, found ${found.slice(0, 12)}…)`;
}
