import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { StartError } from '../../base/errors/start-error.js';
import { readReason } from '../../base/files/write-error.js';
import { decompressed, damageOf } from './compression.js';
import { inUtf8 } from './encoding.js';
import { STANDARD_STREAM, type StoredFormat } from './file-format.js';
import { foreignByContent } from './foreign-files.js';
import { arrayAsLines } from './json-array.js';
import { parquetAsLines } from './parquet.js';

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
    private readonly format: StoredFormat,
    /** Null for stdin. */
    readonly identity: InputIdentity | null,
  ) {}

  /** @throws StartError when it is missing, not a file, or may not be read */
  static async open(path: string, format: StoredFormat): Promise<InputSource> {
    if (path === STANDARD_STREAM) return new InputSource(path, format, null);
    return new InputSource(path, format, await identify(path));
  }

  /** True when it can be read from the middle. */
  get seekable(): boolean {
    const { compression, encoding, records } = this.format;
    const isAsStored = compression === null && encoding === null;
    return this.identity !== null && isAsStored && records !== 'json' && records !== 'parquet';
  }

  /**
   * The uncompressed bytes from an offset on, in UTF-8, an array of JSON and the rows of Parquet as lines.
   * @throws StartError when the file cannot be read or is not whole
   */
  async *read(offset = 0): AsyncGenerator<Buffer> {
    this.cutShort = this.stopped;
    if (this.cutShort) return;
    this.bytesRead = offset;
    if (this.format.records === 'parquet') {
      yield* this.readRows();
      return;
    }
    const raw =
      this.identity === null
        ? process.stdin
        : createReadStream(this.path, { start: offset, highWaterMark: CHUNK_BYTES });
    let isFirst = offset === 0;
    const counted = new Transform({
      transform: (chunk: Buffer, _, done) => {
        this.bytesRead += chunk.length;
        const foreign = isFirst ? foreignByContent(this.path, chunk, this.format) : null;
        isFirst = false;
        done(foreign, chunk);
      },
    });
    this.reading = raw;
    // `pipe` does not hand errors on.
    raw.on('error', (error: Error) => counted.destroy(error));
    const { compression, encoding, records } = this.format;
    let chunks = decompressed(raw.pipe(counted), compression);
    if (encoding !== null) chunks = inUtf8(chunks, encoding);
    if (records === 'json') chunks = arrayAsLines(chunks);
    try {
      yield* chunks;
    } catch (error) {
      this.cutShort = this.stopped;
      if (this.cutShort) return;
      if (error instanceof StartError) throw error;
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
        throw new StartError(`The input ${this.path} is not in the encoding ${String(encoding)}.`);
      }
      const what = damageOf(error, compression) ?? 'cannot be read';
      throw new StartError(`The input ${this.path} ${what}: ${readReason(error)}.`, { cause: error });
    } finally {
      raw.destroy();
    }
  }

  private async *readRows(): AsyncGenerator<Buffer> {
    const rows = parquetAsLines(this.path, (bytes) => {
      this.bytesRead += bytes;
    });
    for await (const lines of rows) {
      this.cutShort = this.stopped;
      if (this.cutShort) return;
      yield lines;
    }
  }

  /** Ends {@link read} where it is, even while it waits for a pipe: what it gave last may be half a record. */
  stop(): void {
    this.stopped = true;
    this.reading?.destroy(new Error('stopped'));
  }

  /** The number of bytes that {@link read} gives; unless they are those of the file, it reads them once. */
  async uncompressedBytes(): Promise<number> {
    if (this.seekable) return this.identity?.bytes ?? 0;
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
