import { readFileSync } from 'node:fs';

/** The text of a file, e.g. in /proc; null when the file does not exist or cannot be read. */
export function readTextOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
