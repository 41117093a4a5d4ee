import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeNote, NOTE_BYTES, type TokenizingNote } from '../protocol/tokenizing-note.js';

/** The file in which one worker process notes the text that it tokenizes. It has no name, and ends with its last user. */
export class TokenizingFile {
  private constructor(readonly fd: number) {}

  /** @returns null where no file can be made: then a loss is looked into by running texts alone */
  static open(): TokenizingFile | null {
    const path = join(tmpdir(), `serin-tokenizing-${randomUUID()}`);
    try {
      const fd = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
      return new TokenizingFile(fd);
    } catch {
      return null;
    }
  }

  /** The last note; null before the first one. */
  read(): TokenizingNote | null {
    const bytes = new Uint8Array(NOTE_BYTES);
    return readSync(this.fd, bytes, 0, NOTE_BYTES, 0) === NOTE_BYTES ? decodeNote(bytes) : null;
  }

  close(): void {
    closeSync(this.fd);
  }
}
