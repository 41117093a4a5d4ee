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

/** Finds where records end. It is shown every byte in order; those that it could not judge come again. */
export interface RecordEnds {
  /**
   * @param window bytes of the input; those before `start` are judged
   * @param least index from which an end is wanted; may be negative or beyond the window
   * @param isLast whether the input ends with the window
   * @returns index after the first record that ends at or after `least`, or -1
   */
  next(window: Buffer, start: number, least: number, isLast: boolean): number;
  /** After -1: bytes at the end of the window that must be shown again, with what follows them. */
  readonly undecided: number;
}

const LINE_FEED = 10;

/** Records that end with their line. */
export class LineEnds implements RecordEnds {
  readonly undecided = 0;

  next(window: Buffer, start: number, least: number): number {
    return window.indexOf(LINE_FEED, Math.max(start, least - 1)) + 1 || -1;
  }
}

export function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

/** Lines of the input in a block; the last one of the input may have no line feed. */
export const linesIn = ({ start, end, bytes }: Block): number =>
  end.line - start.line + (bytes.at(-1) === LINE_FEED ? 0 : 1);

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
  let undecided: Buffer = Buffer.alloc(0);
  const take = (): Block => {
    const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
    const end = { offset: start.offset + bytes.length, line: start.line + countLineFeeds(bytes) };
    const block = { number: Math.floor(start.offset / BLOCK_BYTES), start, end, bytes };
    start = end;
    parts = [];
    held = 0;
    return block;
  };
  function* cut(window: Buffer, isLast: boolean): Generator<Block> {
    const windowOffset = start.offset + held;
    let at = 0;
    for (let end = 0; end >= 0 && at < window.length;) {
      const nextBlock = (Math.floor(start.offset / BLOCK_BYTES) + 1) * BLOCK_BYTES;
      end = ends.next(window, at, nextBlock - windowOffset, isLast);
      const part = window.subarray(at, end < 0 ? window.length - ends.undecided : end);
      parts.push(part);
      held += part.length;
      at += part.length;
      if (end >= 0) yield take();
    }
    if (held > MAX_RECORD_BYTES + BLOCK_BYTES) {
      throw new StartError(
        `A line after line ${String(start.line)} of the input is longer than ${String(MAX_RECORD_BYTES >> 20)} MiB; the input must have one record per line, and its lines must end with LF or CRLF.`,
      );
    }
    undecided = window.subarray(at);
  }
  for await (const chunk of chunks) {
    yield* cut(undecided.length === 0 ? chunk : Buffer.concat([undecided, chunk]), false);
  }
  yield* cut(undecided, true);
  if (held > 0) yield take();
}
