import { readFileSync } from 'node:fs';

/** The text of a file, e.g. of the kernel; null when it is not there or cannot be read. */
export function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
