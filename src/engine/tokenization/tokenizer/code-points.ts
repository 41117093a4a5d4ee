const CODE_POINTS = 0x110000;

function* parseRanges(ranges: string): Generator<readonly [number, number]> {
  for (const range of ranges.split(' ')) {
    const [first = '', last = first] = range.split('-');
    yield [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  }
}

/** A set of code points, written as hexadecimal ranges (`9-d 20 85`); membership is one array read. */
export class CodePointSet {
  private readonly members: Uint8Array;

  constructor(ranges: string) {
    const parsed = [...parseRanges(ranges)];
    // The array ends at the last member. A read after its end returns undefined, which also means "not a member".
    this.members = new Uint8Array(Math.max(...parsed.map(([, last]) => last)) + 1);
    for (const [first, last] of parsed) this.members.fill(1, first, last + 1);
  }

  has(codePoint: number): boolean {
    return this.members[codePoint] === 1;
  }
}

/**
 * A table with a value from 1 to 255 per code point, or 0 where none was set. Memory pages that are never written use
 * no memory.
 */
export function codePointTable(): Uint8Array {
  return new Uint8Array(CODE_POINTS);
}

/** Calls `visit` for each code point of hexadecimal ranges. */
export function eachCodePoint(ranges: string, visit: (codePoint: number) => void): void {
  for (const [first, last] of parseRanges(ranges)) {
    for (let codePoint = first; codePoint <= last; codePoint++) visit(codePoint);
  }
}
