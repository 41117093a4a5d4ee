import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { replaceFile, type LastCheck } from './replace-file.js';

/** The single line of the file: the content, and a checksum that detects truncated or edited files. */
interface Sealed {
  readonly sha256: string;
  readonly content: unknown;
}

const checksum = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex');

/** The result of reading a sealed file; `torn` gives the reason why the file cannot be trusted. */
export type SealedReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'content'; readonly content: unknown }
  | { readonly kind: 'torn'; readonly reason: string };

/** One line of JSON, to be read back by {@link unseal}. */
export function seal(content: unknown): string {
  const sealed: Sealed = { sha256: checksum(content), content };
  return JSON.stringify(sealed);
}

/**
 * Replaces a file as {@link replaceFile} does.
 * @throws Error of the file system, e.g. ENOSPC or EROFS
 */
export async function writeSealed(path: string, content: unknown, check?: LastCheck): Promise<void> {
  await replaceFile(path, `${seal(content)}\n`, undefined, check);
}

export function unseal(text: string): SealedReading {
  let sealed: unknown;
  try {
    sealed = JSON.parse(text);
  } catch {
    return { kind: 'torn', reason: 'it is not JSON' };
  }
  if (typeof sealed !== 'object' || sealed === null || !('sha256' in sealed) || !('content' in sealed)) {
    return { kind: 'torn', reason: 'it has no checksum' };
  }
  const { sha256, content } = sealed;
  if (sha256 !== checksum(content)) return { kind: 'torn', reason: 'it does not match its checksum' };
  return { kind: 'content', content };
}

/** Never rejects; a file that cannot be read counts as torn, with the reason. */
export async function readSealed(path: string): Promise<SealedReading> {
  try {
    return unseal(await readFile(path, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'torn', reason: `it cannot be read (${code ?? message})` };
  }
}
