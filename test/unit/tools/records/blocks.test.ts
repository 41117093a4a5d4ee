import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLOCK_BYTES,
  LineEnds,
  splitBlocks,
  type Block,
  type RecordEnds,
} from '../../../../src/tools/records/blocks.js';
import { CsvEnds } from '../../../../src/tools/records/csv-ends.js';

/** The input in chunks of the given sizes, over and over. */
async function* chunked(input: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield await Promise.resolve(input.subarray(at, at + size));
    at += size;
  }
}

async function blocksOf(input: Buffer, sizes: readonly number[], ends: RecordEnds): Promise<Block[]> {
  const blocks: Block[] = [];
  for await (const block of splitBlocks(chunked(input, sizes), ends)) blocks.push(block);
  return blocks;
}

const summaryOf = (blocks: readonly Block[]) =>
  blocks.map(({ number, start, end, bytes }) => ({ number, start, end, bytes: bytes.length }));

/** Lines from a few bytes to several blocks, so that blocks are skipped, filled to the last byte, and crossed. */
const lines = fc.array(
  fc.tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: BLOCK_BYTES / 4, max: 2 * BLOCK_BYTES }),
      fc.constantFrom(BLOCK_BYTES - 2, BLOCK_BYTES - 1, BLOCK_BYTES),
    ),
    fc.constantFrom('\n', '\r\n'),
  ),
  { minLength: 1, maxLength: 12 },
);
const sizes = fc.array(fc.integer({ min: 1, max: 3 * BLOCK_BYTES }), { minLength: 1, maxLength: 4 });

const bufferOf = (parts: readonly (readonly [number, string])[], hasLastEnd: boolean): Buffer => {
  const text = parts.map(([length, end]) => 'x'.repeat(length) + end).join('');
  return Buffer.from(hasLastEnd ? text : text.trimEnd());
};

/** The definition itself: a line belongs to the block that its first byte lies in. */
function expectedBlocks(input: Buffer): Map<number, number> {
  const bytesByBlock = new Map<number, number>();
  for (let at = 0; at < input.length;) {
    const end = input.indexOf(10, at) + 1 || input.length;
    const block = Math.floor(at / BLOCK_BYTES);
    bytesByBlock.set(block, (bytesByBlock.get(block) ?? 0) + end - at);
    at = end;
  }
  return bytesByBlock;
}

describe('splitBlocks', () => {
  it('puts each line into the block of its first byte, however the input is chunked', async () => {
    await fc.assert(
      fc.asyncProperty(lines, fc.boolean(), sizes, async (parts, hasLastEnd, chunkSizes) => {
        const input = bufferOf(parts, hasLastEnd);
        const blocks = await blocksOf(input, chunkSizes, new LineEnds());
        expect(Buffer.concat(blocks.map(({ bytes }) => bytes)).equals(input)).toBe(true);
        expect(new Map(blocks.map(({ number, bytes }) => [number, bytes.length]))).toEqual(
          expectedBlocks(input),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('knows the offset and the line at which each block begins', async () => {
    const input = bufferOf(
      Array.from({ length: 9000 }, (_, i) => [i % 120, '\n'] as const),
      true,
    );
    for (const { start, bytes } of await blocksOf(input, [1000], new LineEnds())) {
      const before = input.subarray(0, start.offset).toString();
      expect(start.line).toBe(before.split('\n').length);
      expect(input.subarray(start.offset, start.offset + bytes.length).equals(bytes)).toBe(true);
    }
  });

  it('goes on in the middle as if it had come from the beginning', async () => {
    const input = bufferOf(
      Array.from({ length: 9000 }, (_, i) => [i % 120, '\n'] as const),
      false,
    );
    const all = await blocksOf(input, [70_000], new LineEnds());
    const from = all[1]?.end ?? { offset: 0, line: 0 };
    const rest: Block[] = [];
    const chunks = chunked(input.subarray(from.offset), [33_333]);
    for await (const block of splitBlocks(chunks, new LineEnds(), from)) rest.push(block);
    expect(summaryOf(rest)).toEqual(summaryOf(all.slice(2)));
  });

  it('refuses a file that is one endless line', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      for (;;) yield await Promise.resolve(Buffer.alloc(8 * 1024 * 1024, 120));
    }
    const split = splitBlocks(endless(), new LineEnds());
    await expect(split.next()).rejects.toThrow(/after line 1 .*longer than 64 MiB/);
  });
});

describe('CsvEnds', () => {
  const cell = fc.oneof(
    fc.stringMatching(/^[a-z ]{0,8}$/),
    fc
      .string({ unit: fc.constantFrom('a', '"', '\n', ',', '\r', ' '), maxLength: 12 })
      .map((text) => `"${text.replaceAll('"', '""')}"`),
  );
  const record = fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(','));

  it('ends records where quotes allow it, however the input is chunked', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 8 }), sizes, (records, chunkSizes) => {
        const input = Buffer.from(records.map((text) => `${text}\n`).join(''));
        const expected: number[] = [];
        for (const text of records) expected.push((expected.at(-1) ?? 0) + Buffer.byteLength(text) + 1);
        const ends = new CsvEnds(',');
        const found: number[] = [];
        const size = (chunkSizes[0] ?? 1) % 7;
        for (let base = 0; base < input.length; base += size + 1) {
          const chunk = input.subarray(base, base + size + 1);
          for (let at = 0; at >= 0 && at < chunk.length;) {
            at = ends.next(chunk, at, at);
            if (at >= 0) found.push(base + at);
          }
        }
        expect(found).toEqual(expected);
      }),
    );
  });

  it('splits blocks at the end of a record, not inside of its quotes', async () => {
    const quoted = `"${'line\n'.repeat(BLOCK_BYTES / 4)}"`;
    const input = Buffer.from(`text,n\n${quoted},1\nlast,2\n`);
    const blocks = await blocksOf(input, [1000], new CsvEnds(','));
    expect(blocks.map(({ number, bytes }) => [number, bytes.subarray(-9).toString()])).toEqual([
      [0, expect.stringMatching(/line\n",1\n$/)],
      [1, '\nlast,2\n'.slice(-9).replace(/^\n/, '')],
    ]);
  });
});
