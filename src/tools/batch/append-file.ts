import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeError } from '../../base/files/write-error.js';

const READ_BYTES = 1024 * 1024;

/** A file that grows at its end, and knows its length. */
export class AppendFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private length = 0,
  ) {}

  /** Opens or creates a file and changes nothing of it: {@link cut} comes before the first {@link append}. */
  static async open(path: string): Promise<AppendFile> {
    try {
      return new AppendFile(path, await open(path, constants.O_RDWR | constants.O_CREAT));
    } catch (error) {
      throw writeError(path, error);
    }
  }

  /** Cuts it to a length that it has; what is appended goes behind that. */
  async cut(length: number): Promise<void> {
    try {
      await this.handle.truncate(length);
      this.length = length;
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  get bytes(): number {
    return this.length;
  }

  /** @throws StartError that says what is wrong with the disk */
  async append(data: Buffer): Promise<void> {
    try {
      for (let at = 0; at < data.length;) {
        const { bytesWritten } = await this.handle.write(data, at, data.length - at, this.length);
        at += bytesWritten;
        this.length += bytesWritten;
      }
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  async sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      throw writeError(this.path, error);
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/**
 * How many of the parts that follow one another from the beginning of a file are whole.
 * @param parts exclusive end and CRC-32 of each part
 */
export async function countWholeParts(
  path: string,
  parts: readonly { readonly end: number; readonly crc: number }[],
): Promise<number> {
  const file = await open(path).catch(() => null);
  if (file === null) return parts.findIndex(({ end }) => end > 0) === -1 ? parts.length : 0;
  try {
    const buffer = Buffer.alloc(READ_BYTES);
    let at = 0;
    for (const [i, { end, crc }] of parts.entries()) {
      let actual = 0;
      while (at < end) {
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0) return i;
        actual = crc32(buffer.subarray(0, bytesRead), actual);
        at += bytesRead;
      }
      if (actual !== crc) return i;
    }
    return parts.length;
  } finally {
    await file.close();
  }
}
