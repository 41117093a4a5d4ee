import { StartError } from '../../base/errors/start-error.js';

/**
 * Block k of an input holds the records whose first byte lies in [k·B, (k+1)·B) of the uncompressed input. Batches,
 * equal texts, journal entries and shards never cross a block, so every run forms the same ones. 256 KiB are about
 * 2,500 short sentences: enough that batches of like lengths waste less than a percent on padding, little enough
 * that a kill costs seconds. Another B is another plan: the journal records it.
 */
export const BLOCK_BYTES = 256 * 1024;

/** A record longer than this is a file that is not made of records; reading on would only fill the memory. */
const MAX_RECORD_BYTES = 64 * 1024 * 1024;

/** A place between two records of an input. */
export interface Position {
  /** Bytes of the uncompressed input before it. */
  readonly offset: number;
  /** Line of the whole input that begins here, counted from 1. */
  readonly line: number;
}

/** The whole records of one block, unchanged from the input. */
export interface Block {
  readonly number: number;
  readonly start: Position;
  readonly end: Position;
  readonly bytes: Buffer;
}

/** Finds where records end. It is shown every byte once, in order. */
export interface RecordEnds {
  /**
   * @param start index in `chunk` of the first byte not shown before
   * @param least index from which an end is wanted; may be negative or beyond the chunk
   * @returns index after the first record that ends at or after `least`, or -1
   */
  next(chunk: Buffer, start: number, least: number): number;
}

const LINE_FEED = 10;

/** Records that end with their line. */
export class LineEnds implements RecordEnds {
  next(chunk: Buffer, start: number, least: number): number {
    return chunk.indexOf(LINE_FEED, Math.max(start, least - 1)) + 1 || -1;
  }
}

export function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

/**
 * Cuts an input into its blocks; a block in which no record begins does not appear.
 * @param chunks the uncompressed bytes from `from` on
 * @param from the beginning of a block's first record
 * @throws StartError when a record is longer than {@link MAX_RECORD_BYTES}
 */
export async function* splitBlocks(
  chunks: AsyncIterable<Buffer>,
  ends: RecordEnds,
  from: Position = { offset: 0, line: 1 },
): AsyncGenerator<Block> {
  let start = from;
  let parts: Buffer[] = [];
  let held = 0;
  const take = (): Block => {
    const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const end = { offset: start.offset + bytes.length, line: start.line + countLineFeeds(bytes) };
    const block = { number: Math.floor(start.offset / BLOCK_BYTES), start, end, bytes };
    start = end;
    parts = [];
    held = 0;
    return block;
  };
  for await (const chunk of chunks) {
    const chunkOffset = start.offset + held;
    for (let at = 0; at < chunk.length;) {
      const nextBlock = (Math.floor(start.offset / BLOCK_BYTES) + 1) * BLOCK_BYTES;
      const end = ends.next(chunk, at, nextBlock - chunkOffset);
      const part = chunk.subarray(at, end < 0 ? chunk.length : end);
      parts.push(part);
      held += part.length;
      at += part.length;
      if (end >= 0) yield take();
      else if (held > MAX_RECORD_BYTES + BLOCK_BYTES) {
        throw new StartError(
          `A line after line ${String(start.line)} of the input is longer than ${String(MAX_RECORD_BYTES >> 20)} MiB; the input must have one record per line.`,
        );
      }
    }
  }
  if (held > 0) yield take();
}
