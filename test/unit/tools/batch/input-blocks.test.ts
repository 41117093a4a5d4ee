import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBlocks } from '../../../../src/tools/batch/input-blocks.js';
import type { JobOptions } from '../../../../src/tools/batch/job-options.js';
import type { Shard } from '../../../../src/tools/batch/shard.js';
import { BLOCK_BYTES, type Block, type Position } from '../../../../src/tools/records/blocks.js';
import { inputFormatOf } from '../../../../src/tools/records/file-format.js';
import { InputSource } from '../../../../src/tools/records/input-source.js';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-blocks-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const pad = 'é'.repeat(BLOCK_BYTES / 20);
const records = Array.from({ length: 40 }, (_, i) => ({ id: i, text: `text ${String(i)} ${pad}` }));
const texts = records.map(({ text }) => text).join('\n');

/** The blocks of a run, with the text of each of their lines. */
async function blocksOf(
  name: string,
  encoding: string | null,
  { shard = null, resumeAt }: { shard?: Shard | null; resumeAt?: Position } = {},
): Promise<(Pick<Block, 'number' | 'start' | 'end'> & { readonly lines: unknown[] })[]> {
  const path = join(folder, name);
  const inputFormat = inputFormatOf(path, { records: null, encoding, quotes: false, delimiter: null });
  const options: Partial<JobOptions> = {
    ...{ inputFormat, outputFormat: { records: 'jsonl', gzip: false } },
    ...{ textField: 'text', prefix: '', topK: null, shard },
  };
  const source = await InputSource.open(path, inputFormat);
  const { blocks, formats } = await openBlocks(source, options as JobOptions, resumeAt);
  const all = [];
  for await (const block of blocks) {
    const { number, start, end } = block;
    all.push({ number, start, end, lines: [...formats.read(block)] });
  }
  return all;
}

describe.each<[string, Buffer, string | null]>([
  ['a.json', Buffer.from(JSON.stringify(records)), null],
  ['indented.json', Buffer.from(`\uFEFF${JSON.stringify(records, null, 2)}\n`), null],
  ['a.json.gz', gzipSync(JSON.stringify(records, null, '\t')), null],
  ['lines.json', Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')), null],
  ['a.txt', Buffer.from(texts), null],
  ['latin.txt', Buffer.from(texts, 'latin1'), 'latin1'],
  ['wide.txt', Buffer.from(`\uFEFF${texts}`, 'utf16le'), 'utf-16'],
])('the blocks of %s', (name, bytes, encoding) => {
  beforeAll(() => {
    writeFileSync(join(folder, name), bytes);
  });

  it('have every record, in order, by its number', async () => {
    const blocks = await blocksOf(name, encoding);
    expect(blocks.length).toBeGreaterThan(3);
    expect(blocks.flatMap(({ lines }) => lines)).toMatchObject(
      records.map(({ text }, i) => ({ line: i + 1, lastLine: i + 1, content: { text } })),
    );
  });

  it('are those of its shards together, and those that are left after each of them', async () => {
    const blocks = await blocksOf(name, encoding);
    const shards = await Promise.all(
      [1, 2, 3].map((index) => blocksOf(name, encoding, { shard: { index, count: 3 } })),
    );
    expect(shards.flat()).toEqual(blocks);
    for (const [i, { end }] of blocks.entries()) {
      expect(await blocksOf(name, encoding, { resumeAt: end })).toEqual(blocks.slice(i + 1));
    }
  });
});
