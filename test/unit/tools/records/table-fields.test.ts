import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, splitBlocks, type Block } from '../../../../src/tools/records/blocks.js';
import { dialectOf } from '../../../../src/tools/records/file-format.js';
import { fieldsOf, MAX_QUOTED_BYTES, TableEnds } from '../../../../src/tools/records/table-fields.js';
import { tableReader } from '../../../../src/tools/records/table-records.js';

const CSV = dialectOf('csv', false);
const MARK = '\uFEFF';

/** The rule, on the whole input at once, one character after the other: the fields of each record. */
function onePass(input: string): string[][] {
  const records: string[][] = [];
  for (let at = 0; at < input.length;) {
    const fields: string[] = [];
    if (input.startsWith(MARK, at)) at++;
    for (let isOpen = true; isOpen;) {
      const quoted = input[at] === '"' ? quotedAt(input, at) : null;
      let end = quoted?.end ?? at;
      while (end < input.length && input[end] !== ',' && input[end] !== '\n') end++;
      isOpen = input[end] === ',';
      const hasReturn = input[end] === '\n' && input[end - 1] === '\r';
      fields.push(quoted?.text ?? input.slice(at, hasReturn ? end - 1 : end));
      at = end + 1;
    }
    records.push(fields);
  }
  return records;
}

function quotedAt(input: string, opening: number): { text: string; end: number } | null {
  let text = '';
  for (let at = opening + 1; at < input.length && at <= opening + MAX_QUOTED_BYTES; at++) {
    if (input[at] !== '"') text += input[at] ?? '';
    else if (input[at + 1] === '"') {
      text += '"';
      at++;
    } else return /^(?:,|\r?\n|$)/.test(input.slice(at + 1, at + 3)) ? { text, end: at + 1 } : null;
  }
  return null;
}

async function* chunked(input: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield await Promise.resolve(input.subarray(at, at + size));
    at += size;
  }
}

async function blocksOf(input: Buffer, sizes: readonly number[]): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of splitBlocks(chunked(input, sizes), new TableEnds(CSV))) blocks.push(block);
  return blocks;
}

/** The ends of all records, found in windows of which each shows again what the one before left undecided. */
function endsOf(input: Buffer, sizes: readonly number[]): number[] {
  const ends = new TableEnds(CSV);
  const found: number[] = [];
  let from = 0;
  for (let to = 0, i = 0; to < input.length; i++) {
    to = Math.min(input.length, to + (sizes[i % sizes.length] ?? 1));
    const window = input.subarray(from, to);
    for (let at = 0; at >= 0 && at < window.length;) {
      at = ends.next(window, at, at, to === input.length);
      if (at >= 0) found.push(from + at);
    }
    from = to - ends.undecided;
  }
  if (found.at(-1) !== input.length) found.push(input.length);
  return found;
}

const recordsIn = (input: Buffer, ends: readonly number[]): Buffer[] =>
  ends.map((end, i) => input.subarray(ends[i - 1] ?? 0, end));

const withoutMark = (record: Buffer): Buffer => (record[0] === 0xef ? record.subarray(3) : record);

/** Every place at which the rule decides, and no carriage return that ends nothing. */
const table = fc
  .array(fc.constantFrom('"', '"', '""', ',', '\n', '\r\n', 'a', `\n${MARK}`, `\n${MARK}"`), {
    minLength: 1,
    maxLength: 40,
  })
  .map((parts) => parts.join(''));

describe('the rule of quotes', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""b""",', ['a "b"', '']],
    ['"",""', ['', '']],
    ['"', ['"']],
    ['"a', ['"a']],
    ['"a" b,c', ['"a" b', 'c']],
    ['"a "b" c",d', ['"a "b" c"', 'd']],
    ['6" disk,7', ['6" disk', '7']],
    ['"a"\r\n', ['a']],
    ['"a\r\nb"\n', ['a\r\nb']],
    ['', ['']],
    ['"a"\rb', null],
    ['a\r', null],
  ])('%j has the fields %j', (record, fields) => {
    expect(fieldsOf(Buffer.from(record), CSV)).toEqual(fields);
  });

  it('a field of 1 MiB may be in quotes, a longer one has none', () => {
    const quoted = (length: number): Buffer => Buffer.from(`"${'x\n'.repeat(length / 2)}",1\n`);
    const [most, more] = [MAX_QUOTED_BYTES - 2, MAX_QUOTED_BYTES];
    expect(endsOf(quoted(most), [70_000])).toEqual([most + 5]);
    expect(endsOf(quoted(more), [70_000])).toHaveLength(more / 2 + 1);
    expect(fieldsOf(quoted(most), CSV)?.[0]).toHaveLength(most);
  });

  it('gives the same records, whatever the windows', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(table, sizes, (text, windows) => {
        const input = Buffer.from(text);
        const records = recordsIn(input, endsOf(input, windows));
        expect(records.map((record) => fieldsOf(withoutMark(record), CSV))).toEqual(onePass(text));
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes a time in proportion to the input, however many quotes begin a search', () => {
    // Each line has a field that begins with quotes and that nothing closes.
    const lines = Array.from(
      { length: 40_000 },
      (_, i) => `${['"', '"""', '""', '"""" x'][i % 4] ?? ''}a,b\n`,
    );
    const input = Buffer.from(lines.join(''));
    const startedAt = performance.now();
    expect(endsOf(input, [input.length])).toHaveLength(lines.length);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('blocks of a table', () => {
  const filler = fc.constantFrom(
    'x'.repeat(BLOCK_BYTES / 2),
    'x,y\n'.repeat(BLOCK_BYTES / 8),
    `"${'x\n'.repeat(BLOCK_BYTES / 4)}",y\n`,
    'x\n'.repeat(BLOCK_BYTES / 2),
  );
  const border = fc.constantFrom('"', '""', ',"', '\n"', '",y\n', `\n${MARK}"`, 'a,b\r\n');
  const large = fc
    .array(fc.oneof(filler, border), { minLength: 1, maxLength: 14 })
    .map((parts) => parts.join(''));
  const sizes = fc.array(fc.integer({ min: 1_000, max: 3 * BLOCK_BYTES }), { minLength: 1, maxLength: 3 });

  it('hold the records of one pass whose first byte lies in them, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(large, sizes, async (text, chunkSizes) => {
        const input = Buffer.from(text);
        const blocks = await blocksOf(input, chunkSizes);
        const ends = endsOf(input, [input.length]);
        const records = recordsIn(input, ends);
        expect(records).toHaveLength(onePass(text).length);
        expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).equals(input)).toBe(true);
        const firsts = new Map<number, number>();
        for (const start of [0, ...ends.slice(0, -1)]) {
          const number = Math.floor(start / BLOCK_BYTES);
          if (!firsts.has(number)) firsts.set(number, start);
        }
        expect(blocks.map(({ number, start }) => [number, start.offset])).toEqual([...firsts]);
        // Each block is read alone, as a shard and a resumed run read it.
        const read = tableReader({ names: ['a', 'b'], textColumn: 0 }, CSV, () => '');
        const found = blocks.flatMap((block) =>
          [...read(block)].map(({ line, lastLine }) => [line, lastLine]),
        );
        let next = 1;
        const expected = records.map((record) => {
          const line = next;
          next += record.toString('latin1').split('\n').length - 1;
          return [line, record.at(-1) === 10 ? next - 1 : next];
        });
        expect(JSON.stringify(found)).toBe(JSON.stringify(expected.slice(1)));
      }),
      { numRuns: 15 },
    );
  }, 60_000);
});
