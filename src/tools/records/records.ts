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

/** One record of a block, with its line in the whole input. */
export interface InputRecord {
  readonly line: number;
  readonly content: LineContent;
}

/** Reads the records of a block, one by one. */
export type BlockReader = (block: Block) => Iterable<InputRecord>;

export const NOT_UTF8: LineError = { code: 'MALFORMED_JSON', message: 'The line is not UTF-8.' };

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes of the byte order mark that an input may begin with. */
export function markBytes({ start, bytes }: Block): number {
  const isMarked = start.offset === 0 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK);
  return isMarked ? BYTE_ORDER_MARK.length : 0;
}
