import type { RecordEnds } from './blocks.js';

const QUOTE = 0x22;
const LINE_FEED = 10;

const FIELD_START = 0;
const PLAIN = 1;
const QUOTED = 2;
const QUOTE_IN_QUOTED = 3;

/**
 * Records of CSV or TSV: a line feed inside a quoted field ends none. A quote opens a field only as its first
 * character; one in the middle of a field is text, as csv-parse takes it too (`relax_quotes`).
 */
export class CsvEnds implements RecordEnds {
  private state = FIELD_START;
  private readonly delimiter: number;

  constructor(delimiter: string) {
    this.delimiter = delimiter.charCodeAt(0);
  }

  next(chunk: Buffer, start: number, least: number): number {
    let { state } = this;
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (state === QUOTED) {
        if (byte === QUOTE) state = QUOTE_IN_QUOTED;
      } else if (byte === LINE_FEED) {
        state = FIELD_START;
        if (at + 1 >= least) {
          this.state = state;
          return at + 1;
        }
      } else if (byte === this.delimiter) state = FIELD_START;
      else if (byte === QUOTE && state !== PLAIN) state = QUOTED;
      else state = PLAIN;
    }
    this.state = state;
    return -1;
  }
}
