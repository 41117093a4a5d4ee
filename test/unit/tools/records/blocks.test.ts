import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BLOCK_BYTES,
  LineEnds,
  splitBlocks,
  type Block,
  type RecordEnds,
} from '../../../../src/tools/records/blocks.js';

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
