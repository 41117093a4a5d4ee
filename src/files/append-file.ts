import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeError } from './write-error.js';

const READ_BYTES = 1024 * 1024;

/** A file that grows at its end, and knows its length. */
export class AppendFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private length: number,
  ) {}

  /** Opens or creates a file and cuts it to a length that it has. */
  static async open(path: string, length: number): Promise<AppendFile> {
    try {
      const handle = await open(path, length === 0 ? 'w+' : 'r+');
      await handle.truncate(length);
      return new AppendFile(path, handle, length);
    } catch (error) {
      throw writeError(path, error);
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
