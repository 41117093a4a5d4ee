import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { StartError } from '../../base/errors/start-error.js';
import { readReason } from '../../base/files/write-error.js';
import { STANDARD_STREAM } from './file-format.js';

/** Bytes of each end of an input that its fingerprint covers. */
const FINGERPRINT_BYTES = 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;

/** The properties that distinguish an input from another one, and from itself after a change. */
export interface InputIdentity {
  readonly bytes: number;
  /** ISO 8601. */
  readonly modified: string;
  readonly sha256_of_both_ends: string;
}

/** A file, plain or compressed, or stdin. */
export class InputSource {
  /** Bytes read so far, as stored on disk (compressed or not); progress is measured by them. */
  bytesRead = 0;
  /** True when {@link stop} came before the end. */
  cutShort = false;
  private reading: Readable | undefined;
  private stopped = false;

  private constructor(
    readonly path: string,
    private readonly gzip: boolean,
    /** Null for stdin. */
    readonly identity: InputIdentity | null,
  ) {}

  /** @throws StartError when it is missing, not a file, or may not be read */
  static async open(path: string, gzip: boolean): Promise<InputSource> {
    if (path === STANDARD_STREAM) return new InputSource(path, gzip, null);
    return new InputSource(path, gzip, await identify(path));
  }

  /** True when it can be read from the middle. */
  get seekable(): boolean {
    return this.identity !== null && !this.gzip;
  }

  /**
   * The uncompressed bytes from an offset on.
   * @throws StartError when the file cannot be read or is not whole
   */
  async *read(offset = 0): AsyncGenerator<Buffer> {
    this.cutShort = this.stopped;
    if (this.cutShort) return;
    this.bytesRead = offset;
    const raw =
      this.identity === null
        ? process.stdin
        : createReadStream(this.path, { start: offset, highWaterMark: CHUNK_BYTES });
    const counted = new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.bytesRead += chunk.length;
        done(null, chunk);
      },
    });
    this.reading = raw;
    // `pipe` does not hand errors on.
    raw.on('error', (error: Error) => counted.destroy(error));
    const chunks = this.gzip ? decompressed(raw.pipe(counted)) : raw.pipe(counted);
    try {
      for await (const chunk of chunks as AsyncIterable<Buffer>) yield chunk;
    } catch (error) {
      this.cutShort = this.stopped;
      if (this.cutShort) return;
      const isBroken = (error as NodeJS.ErrnoException).code?.startsWith('Z_') ?? false;
      const what = isBroken ? 'is not a whole gzip file' : 'cannot be read';
      throw new StartError(`The input ${this.path} ${what}: ${readReason(error)}.`, { cause: error });
    } finally {
      raw.destroy();
    }
  }

  /** Ends {@link read} where it is, even while it waits for a pipe: what it gave last may be half a record. */
  stop(): void {
    this.stopped = true;
    this.reading?.destroy(new Error('stopped'));
  }

  /** Uncompressed size; of a compressed file it is found by reading it once. */
  async uncompressedBytes(): Promise<number> {
    if (!this.gzip) return this.identity?.bytes ?? 0;
    let bytes = 0;
    for await (const chunk of this.read()) bytes += chunk.length;
    return bytes;
  }

  /** @throws StartError when the file is no longer the one that was opened */
  async checkUnchanged(): Promise<void> {
    if (this.identity === null) return;
    const now = await stat(this.path).catch((error: unknown) => {
      throw new StartError(`The input ${this.path} vanished while it was read: ${readReason(error)}.`);
    });
    const { bytes, modified } = this.identity;
    if (now.size !== bytes) {
      throw new StartError(
        `The input ${this.path} changed while it was read: it had ${String(bytes)} bytes and now has ${String(now.size)}.`,
      );
    }
    if (now.mtime.toISOString() !== modified) {
      throw new StartError(`The input ${this.path} was written to while it was read.`);
    }
  }
}

/**
 * The content of a gzip file. A file of no bytes has none: `serin batch` writes such a file for a shard without blocks,
 * so that the shards can be put together.
 * @throws Error with a code of zlib when it is not a whole gzip file
 */
export async function* decompressed(compressed: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  compressed.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of compressed.pipe(gunzip)) yield chunk as Buffer;
  } catch (error) {
    if (gunzip.bytesWritten > 0 || (error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw error;
  }
}

async function identify(path: string): Promise<InputIdentity> {
  try {
    const file = await open(path);
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new StartError(`The input ${path} is not a file; - reads from a pipe.`);
      const { size, mtime } = stats;
      const hash = createHash('sha256');
      for (const position of [0, Math.max(0, size - FINGERPRINT_BYTES)]) {
        const { buffer, bytesRead } = await file.read(
          Buffer.alloc(Math.min(size, FINGERPRINT_BYTES)),
          0,
          undefined,
          position,
        );
        hash.update(buffer.subarray(0, bytesRead));
      }
      return { bytes: size, modified: mtime.toISOString(), sha256_of_both_ends: hash.digest('hex') };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(`The input ${path} cannot be read: ${readReason(error)}.`, { cause: error });
  }
}
