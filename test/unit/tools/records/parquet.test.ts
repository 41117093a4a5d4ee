import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inputFormatOf, type ReadOptions } from '../../../../src/tools/records/file-format.js';
import { InputSource } from '../../../../src/tools/records/input-source.js';

// Written by parquet/generate.py: seven rows in row groups of three.
const FOLDER = `${import.meta.dirname}/parquet`;
const OPTIONS: ReadOptions = { records: null, encoding: null, quotes: false, delimiter: null };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-parquet-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function linesOf(path: string, options: Partial<ReadOptions> = {}): Promise<string[]> {
  const source = await InputSource.open(path, inputFormatOf(path, { ...OPTIONS, ...options }));
  const chunks: Buffer[] = [];
  for await (const chunk of source.read()) chunks.push(chunk);
  expect(source.seekable).toBe(false);
  expect(source.bytesRead).toBeGreaterThan(0);
  return Buffer.concat(chunks).toString().trimEnd().split('\n');
}

describe('a Parquet file', () => {
  it.each(['snappy', 'gzip', 'zstd', 'none'])('is read as lines of JSON: %s', async (compression) => {
    const rows = (await linesOf(`${FOLDER}/${compression}.parquet`)).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect(rows.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(rows.map(({ text }) => text)).toEqual([
      ...['A fine film.', 'Two hours lost.', null, '  ', 'Naïve, 漢字 and 😀.', 'He said "no".', 'a\nb'],
    ]);
    expect(rows[0]).toEqual({
      id: 1,
      text: 'A fine film.',
      seen: '2026-11-01T12:30:00.000Z',
      stars: 4.5,
      tags: ['a', 'b'],
      review: { title: 't0' },
    });
    expect(rows[2]).toMatchObject({ text: null, stars: null, tags: null });
  });

  it('may have another name with --format', async () => {
    const path = join(folder, 'rows.dat');
    writeFileSync(path, readFileSync(`${FOLDER}/snappy.parquet`));
    expect(await linesOf(path, { records: 'parquet' })).toHaveLength(7);
  });

  it('that is cut off, or none, is refused', async () => {
    const bytes = readFileSync(`${FOLDER}/snappy.parquet`);
    for (const [name, content] of [
      ['cut.parquet', bytes.subarray(0, 2_000)],
      ['text.parquet', Buffer.from('text\nhello\n')],
      ['empty.parquet', Buffer.alloc(0)],
    ] as const) {
      writeFileSync(join(folder, name), content);
      await expect(linesOf(join(folder, name))).rejects.toThrow(/cannot be read as Parquet: /);
    }
  });

  it('is read from a file alone, and as it says itself', () => {
    const formatOf = (path: string, options: Partial<ReadOptions>): unknown =>
      inputFormatOf(path, { ...OPTIONS, ...options });
    expect(() => formatOf('-', { records: 'parquet' })).toThrow(/cannot be read from a pipe/);
    expect(() => formatOf('a.parquet.gz', {})).toThrow(/compressed inside/);
    expect(() => formatOf('a.pq', { encoding: 'latin1' })).toThrow(/--encoding is for text/);
    expect(() => formatOf('a.pq', { delimiter: ';' })).toThrow(/--delimiter is for CSV/);
  });
});
