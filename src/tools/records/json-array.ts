import { StartError } from '../../base/errors/start-error.js';

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

const isBlank = (byte: number): boolean =>
  byte === SPACE || byte === LINE_FEED || byte === CARRIAGE_RETURN || byte === TAB;

/** Writes the elements of an array as lines, as they are written, except that line ends inside of them become blanks. */
class ElementLines {
  private depth = 1;
  private inString = false;
  private isEscaped = false;
  private elements = 0;
  private isEmpty = true;
  private hasLineEnd = false;
  private isClosed = false;

  /** @throws StartError when something follows the array */
  convert(chunk: Buffer): Buffer {
    // A byte gives two at most: an element of nothing gives a comma, which is no JSON, and its line end.
    const out = Buffer.allocUnsafe(2 * chunk.length);
    let length = 0;
    for (const byte of chunk) {
      if (this.isClosed) {
        if (isBlank(byte)) continue;
        throw new StartError(
          'The input has something behind the end of its array: it must be one JSON array.',
        );
      }
      if (this.inString) {
        // A line end inside a string is no JSON, and neither is a tab: the element stays as wrong as it was.
        out[length++] = byte === LINE_FEED ? TAB : byte;
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) this.inString = false;
        continue;
      }
      if (isBlank(byte)) {
        this.hasLineEnd ||= byte === LINE_FEED || byte === CARRIAGE_RETURN;
        if (!this.isEmpty && !this.hasLineEnd) out[length++] = byte;
        continue;
      }
      if (this.depth === 1 && (byte === COMMA || byte === CLOSE_ARRAY)) {
        this.isClosed = byte === CLOSE_ARRAY;
        const isNone = this.isEmpty && this.isClosed && this.elements === 0;
        if (this.isEmpty && !isNone) out[length++] = COMMA;
        if (!isNone) out[length++] = LINE_FEED;
        this.elements++;
        this.isEmpty = true;
        this.hasLineEnd = false;
        continue;
      }
      if (this.hasLineEnd && !this.isEmpty) out[length++] = SPACE;
      this.hasLineEnd = false;
      this.isEmpty = false;
      out[length++] = byte;
      if (byte === QUOTE) this.inString = true;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) this.depth++;
      else if ((byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) && this.depth > 1) this.depth--;
    }
    return out.subarray(0, length);
  }

  /** @throws StartError when the array is not closed */
  finish(): void {
    if (this.isClosed) return;
    throw new StartError(
      `The input is a JSON array that is not closed: the file is cut off, or a quote or bracket of element ${String(this.elements + 1)} is left open.`,
    );
  }
}

/**
 * JSON lines of what may be one array: element n becomes line n. What does not begin with `[` is handed on as it is.
 * @param chunks JSON in UTF-8
 * @throws StartError when the array is not closed, or something follows it
 */
export async function* arrayAsLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let before: Buffer = Buffer.alloc(0);
  let lines: ElementLines | null | undefined;
  for await (const chunk of chunks) {
    if (lines === null) yield chunk;
    else if (lines !== undefined) yield lines.convert(chunk);
    else {
      before = Buffer.concat([before, chunk]);
      const mark = BYTE_ORDER_MARK.every((byte, i) => before[i] === byte) ? BYTE_ORDER_MARK.length : 0;
      const start = before.findIndex((byte, i) => i >= mark && !isBlank(byte));
      if (start < 0) continue;
      lines = before[start] === OPEN_ARRAY ? new ElementLines() : null;
      yield lines === null ? before : lines.convert(before.subarray(start + 1));
    }
  }
  if (lines === undefined) yield before;
  lines?.finish();
}
