import { type FileHandle, open } from 'node:fs/promises';
import { parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { StartError } from '../../base/errors/start-error.js';

/** Most rows that are decoded at once: a row group may have millions. */
const MOST_ROWS = 10_000;

/**
 * A value as JSON has it: times as ISO 8601, a whole number that a double cannot hold as text, vectors as lists.
 * `Date` is not met here, because JSON.stringify asks its toJSON first.
 */
function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}

/** The file as hyparquet reads it. @param onBytes called with the number of bytes of each read */
function bufferOf(file: FileHandle, byteLength: number, onBytes: (bytes: number) => void): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const from = start < 0 ? byteLength + start : start;
      const length = Math.max(0, end - from);
      const bytes = new Uint8Array(length);
      const { bytesRead } = await file.read(bytes, 0, length, from);
      onBytes(bytesRead);
      return bytes.buffer.slice(0, bytesRead);
    },
  };
}

/**
 * The rows of a Parquet file as lines of JSON, in their order, one part of a row group after the other.
 * @param onBytes called with the number of bytes of each read
 * @throws StartError when the file is cut off, or has something that cannot be decoded
 */
export async function* parquetAsLines(
  path: string,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Buffer> {
  const handle = await open(path);
  try {
    const file = bufferOf(handle, (await handle.stat()).size, onBytes);
    const metadata = await parquetMetadataAsync(file);
    let start = 0;
    for (const { num_rows: rows } of metadata.row_groups) {
      const groupEnd = start + Number(rows);
      while (start < groupEnd) {
        const rowEnd = Math.min(start + MOST_ROWS, groupEnd);
        const part = await parquetReadObjects({ file, metadata, compressors, rowStart: start, rowEnd });
        yield Buffer.from(part.map((row) => `${JSON.stringify(row, plainValue)}\n`).join(''));
        start = rowEnd;
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`The input ${path} cannot be read as Parquet: ${why}.`, { cause: error });
  } finally {
    await handle.close();
  }
}
