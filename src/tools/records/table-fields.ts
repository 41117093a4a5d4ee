import type { RecordEnds } from './blocks.js';
import { markBytes } from './records.js';

const QUOTE = 0x22;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Bytes from an opening quote within which its closing quote must stand. A text of this length is hundreds of times
 * longer than what a model reads; a longer one is a quote that somebody forgot.
 */
export const MAX_QUOTED_BYTES = 1024 * 1024;

/** How the fields of a table are written. */
export interface TableDialect {
  /** One ASCII character. */
  readonly delimiter: string;
  /** Whether a field may be written in quotes; without it a quote is text. */
  readonly quotes: boolean;
}

/** The quote at the beginning of the field is text. */
const TEXT = -1;
/** The bytes that decide are not known yet. */
const UNDECIDED = -2;

/**
 * Index of the quote that closes a field; {@link TEXT} when none does. A field in quotes ends before a delimiter, a line
 * end or the end of the input, at most {@link MAX_QUOTED_BYTES} behind its first quote, and inside it quotes come in
 * pairs. A field that does not keep this rule has no quotes: one that somebody forgot takes no record with it.
 *
 * The work is linear, although a search may fail after a megabyte: the next quote that could begin a long search would
 * have ended this one.
 * @param opening index of the quote at the beginning of the field
 * @param isWhole whether the input ends with `bytes`
 */
function closingQuote(bytes: Buffer, opening: number, delimiter: number, isWhole: boolean): number {
  const last = opening + MAX_QUOTED_BYTES;
  for (let at = bytes.indexOf(QUOTE, opening + 1); ; at = bytes.indexOf(QUOTE, at + 2)) {
    if (at < 0) return isWhole || bytes.length > last ? TEXT : UNDECIDED;
    if (at > last) return TEXT;
    const next = bytes[at + 1];
    if (next === QUOTE) continue;
    if (next === undefined) return isWhole ? at : UNDECIDED;
    if (next === delimiter || next === LINE_FEED) return at;
    if (next !== CARRIAGE_RETURN) return TEXT;
    const feed = bytes[at + 2];
    if (feed === undefined && !isWhole) return UNDECIDED;
    return feed === LINE_FEED ? at : TEXT;
  }
}

/** What the next byte belongs to. */
const RECORD_START = 0;
const FIELD_START = 1;
const INSIDE = 2;

/** Records of a table: a line feed inside a quoted field ends none. */
export class TableEnds implements RecordEnds {
  undecided = 0;
  private place: typeof RECORD_START | typeof FIELD_START | typeof INSIDE = RECORD_START;
  private readonly delimiter: number;
  private readonly quotes: boolean;

  constructor({ delimiter, quotes }: TableDialect) {
    this.delimiter = delimiter.charCodeAt(0);
    this.quotes = quotes;
  }

  next(window: Buffer, start: number, least: number, isLast: boolean): number {
    this.undecided = 0;
    for (let at = start; at < window.length;) {
      const after = this.place === INSIDE ? at : this.afterStart(window, at, isLast);
      if (after < 0) {
        this.undecided = window.length - at;
        return -1;
      }
      at = after;
      if (this.place !== INSIDE) continue;
      while (at < window.length && window[at] !== LINE_FEED && window[at] !== this.delimiter) at++;
      if (at === window.length) break;
      this.place = window[at] === LINE_FEED ? RECORD_START : FIELD_START;
      at++;
      if (this.place === RECORD_START && at >= least) return at;
    }
    return -1;
  }

  /** Passes the beginning of a record, or a field in quotes. @returns -1 when it cannot be known yet what is there */
  private afterStart(window: Buffer, at: number, isLast: boolean): number {
    if (this.place === RECORD_START) {
      const mark = markBytes(window, at, isLast);
      if (mark < 0) return -1;
      this.place = FIELD_START;
      if (mark > 0) return at + mark;
    }
    if (!this.quotes || window[at] !== QUOTE) {
      this.place = INSIDE;
      return at;
    }
    const close = closingQuote(window, at, this.delimiter, isLast);
    if (close === UNDECIDED) return -1;
    this.place = INSIDE;
    return close === TEXT ? at + 1 : close + 1;
  }
}

/** Length of a record without its line end. */
function contentLength(record: Buffer): number {
  if (record.at(-1) !== LINE_FEED) return record.length;
  return record.length - (record.at(-2) === CARRIAGE_RETURN ? 2 : 1);
}

/** Whether a record has nothing but its line end: a tab or a blank would be a field. */
export const isBlankRecord = (record: Buffer): boolean => contentLength(record) === 0;

/**
 * The fields of one record, whose end {@link TableEnds} has found.
 * @param record UTF-8 without a byte order mark, with its line end
 * @returns null when a carriage return outside of quotes ends no line: whoever wrote it may have meant a line end
 */
export function fieldsOf(record: Buffer, { delimiter, quotes }: TableDialect): string[] | null {
  const code = delimiter.charCodeAt(0);
  const end = contentLength(record);
  const fields: string[] = [];
  for (let at = 0; at <= end;) {
    const close = quotes && record[at] === QUOTE ? closingQuote(record, at, code, true) : TEXT;
    if (close !== TEXT) {
      fields.push(record.toString('utf8', at + 1, close).replaceAll('""', '"'));
      at = close + 2;
      continue;
    }
    const found = record.indexOf(code, at);
    const stop = found < 0 ? end : found;
    const text = record.toString('utf8', at, stop);
    if (text.includes('\r')) return null;
    fields.push(text);
    at = stop + 1;
  }
  return fields;
}
