import type { LineError } from '../../engine/dispatch/batch-group.js';
import type { Block } from './blocks.js';

/** A line that can be answered. */
export interface TextLine {
  readonly text: string;
  /** The output record up to where the answer begins. */
  readonly prefix: string;
}

export type LineContent = TextLine | LineError | 'blank';

export const isLineError = (content: TextLine | LineError): content is LineError => 'code' in content;

/** The lines of the whole input that a record stands on, counted from 1. */
export interface Lines {
  readonly line: number;
  /** The last one: a record of a table has several when a field in quotes has line ends. */
  readonly lastLine: number;
}

/** The lines in words: `line 3`, or `lines 3 to 7`. */
export const linesInWords = ({ line, lastLine }: Lines): string =>
  line === lastLine ? `line ${line}` : `lines ${line} to ${lastLine}`;

/** One record of a block. */
export interface InputRecord extends Lines {
  readonly content: LineContent;
}

/** Reads the records of a block, one by one. */
export type BlockReader = (block: Block) => Iterable<InputRecord>;

/**
 * Increase it when the same file would give other records, or other texts: a run that an older reader began is then not
 * continued. 1 took quotes as csv-parse does; 2 has the rule of table-fields.ts, and skips byte order marks.
 */
export const READER_VERSION = 2;

export const NOT_UTF8: LineError = { code: 'MALFORMED_JSON', message: 'The line is not UTF-8.' };

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Bytes of the byte order mark at the beginning of a line: files that begin with one are put together by `cat`.
 * @param isWhole whether the input ends with `bytes`
 * @returns -1 when too few bytes are known to say
 */
export function markBytes(bytes: Buffer, at: number, isWhole: boolean): number {
  if (bytes[at] !== BYTE_ORDER_MARK[0]) return 0;
  const known = bytes.subarray(at, at + BYTE_ORDER_MARK.length);
  if (known.equals(BYTE_ORDER_MARK)) return BYTE_ORDER_MARK.length;
  return isWhole || known.length === BYTE_ORDER_MARK.length ? 0 : -1;
}
