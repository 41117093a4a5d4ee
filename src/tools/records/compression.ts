import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Decompress } from 'fzstd';
import type { Compression } from './file-format.js';

const CHUNK_BYTES = 256 * 1024;

/** The content of a Zstandard file is not whole; what zlib throws has a code that says so. */
class BrokenZstd extends Error {
  override readonly name = 'BrokenZstd';
}

/** What is wrong with a compressed file, if that is what the error says: `is not a whole gzip file`. */
export function damageOf(error: unknown, compression: Compression): string | null {
  const isZlib = (error as NodeJS.ErrnoException).code?.toString().startsWith('Z_') ?? false;
  return isZlib || error instanceof BrokenZstd ? `is not a whole ${String(compression)} file` : null;
}

/** The content of a file. @throws an error that {@link damageOf} knows when it is not whole */
export function decompressed(stored: Readable, compression: Compression): AsyncIterable<Buffer> {
  if (compression === 'gzip') return unzipped(stored);
  return compression === 'zstd' ? unzstd(stored) : (stored as AsyncIterable<Buffer>);
}

/**
 * The content of a gzip file. A file of no bytes has none: `serin batch` writes such a file for a shard without blocks,
 * so that the shards can be put together.
 */
async function* unzipped(compressed: Readable): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  compressed.on('error', (error) => gunzip.destroy(error));
  try {
    for await (const chunk of compressed.pipe(gunzip)) yield chunk as Buffer;
  } catch (error) {
    if (gunzip.bytesWritten > 0 || (error as NodeJS.ErrnoException).code !== 'Z_BUF_ERROR') throw error;
  } finally {
    // A reader that ends early leaves the file open otherwise.
    compressed.destroy();
  }
}

/**
 * The content of a Zstandard file, frame by frame; Node.js 20 has no decoder of its own. Memory, and time per block, grow
 * with the window of the file: 2 MiB as a rule, 8 MiB with -19, more with --long. Checksums are not compared.
 */
async function* unzstd(compressed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  // What it gives lies in a buffer that it uses again.
  const decoder = new Decompress((chunk) => parts.push(Buffer.from(chunk)));
  const push = (chunk: Uint8Array, isLast: boolean): Buffer[] => {
    parts = [];
    try {
      decoder.push(chunk, isLast);
    } catch (error) {
      throw new BrokenZstd((error as Error).message);
    }
    return parts;
  };
  let isEmpty = true;
  for await (const chunk of compressed) {
    isEmpty = false;
    yield* push(chunk, false);
  }
  if (!isEmpty) yield* push(new Uint8Array(0), true);
}
