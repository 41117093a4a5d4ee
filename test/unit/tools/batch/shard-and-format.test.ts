import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkConversion,
  inputFormatOf,
  outputFormatOf,
  type RecordFormat,
} from '../../../../src/tools/records/file-format.js';
import { blocksOf, parseShard } from '../../../../src/tools/batch/shard.js';

describe('shards', () => {
  it.each(['0/2', '3/2', '1', '1/0', 'a/b', '1/2/3', '-1/2', ' 1/2'])('%j is none', (text) => {
    expect(parseShard(text)).toBeNull();
  });

  it('reads i/n', () => {
    expect(parseShard('2/13')).toEqual({ index: 2, count: 13 });
  });

  it('follow one another, cover every block once, and differ by at most one block', () => {
    const sizes = { count: fc.integer({ min: 1, max: 40 }), bytes: fc.integer({ min: 0, max: 5000 }) };
    fc.assert(
      fc.property(sizes.count, sizes.bytes, (count, bytes) => {
        const ranges = Array.from({ length: count }, (_, i) => blocksOf({ index: i + 1, count }, bytes, 100));
        const blocks = Math.ceil(bytes / 100);
        expect(ranges[0]?.from).toBe(0);
        expect(ranges.at(-1)?.to).toBe(blocks);
        ranges.forEach(({ from, to }, i) => {
          if (i > 0) expect(from).toBe(ranges[i - 1]?.to);
          expect(to - from).toBeGreaterThanOrEqual(Math.floor(blocks / count));
          expect(to - from).toBeLessThanOrEqual(Math.ceil(blocks / count));
        });
      }),
    );
  });
});

describe('formats', () => {
  const NOTHING_SAID = { records: null, encoding: null, quotes: false, delimiter: null } as const;
  const formatOf = (path: string, records: RecordFormat | null = null) => {
    const format = inputFormatOf(path, { ...NOTHING_SAID, records });
    return [format.records, format.compression];
  };

  it.each([
    ['-', 'jsonl', null],
    ['a.jsonl', 'jsonl', null],
    ['a.b/c.NDJSON', 'jsonl', null],
    ['a.json.gz', 'json', 'gzip'],
    ['a.csv', 'csv', null],
    ['a.jsonl.GZ', 'jsonl', 'gzip'],
    ['A.CSV.Gz', 'csv', 'gzip'],
    ['x.tsv.gz', 'tsv', 'gzip'],
    ['x.txt', 'txt', null],
    ['x.JSONL.zst', 'jsonl', 'zstd'],
  ])('%j is read', (path, ...format) => {
    expect(formatOf(path)).toEqual(format);
  });

  it('the user says what an input is under another name, and on stdin', () => {
    expect(formatOf('-', 'csv')).toEqual(['csv', null]);
    expect(formatOf('part-00000', 'json')).toEqual(['json', null]);
    expect(formatOf('data.log.gz', 'txt')).toEqual(['txt', 'gzip']);
    expect(formatOf('x.csv', 'tsv')).toEqual(['tsv', null]);
  });

  it.each(['a', 'a.gz', 'a.zst', 'gz', '.gz', 'a.csv.old', 'a.constructor', 'a.toString.gz'])(
    '%j is not known as an input',
    (path) => {
      expect(() => formatOf(path)).toThrow(/must end with \.jsonl.*--format/);
    },
  );

  it.each([
    ['a.xlsx', /a spreadsheet.*Save it as CSV/],
    ['a.XLSX.gz', /a spreadsheet/],
    ['a.csv.zip', /an archive.*Unpack/],
    ['a.tar.gz', /an archive/],
    ['a.jsonl.bz2', /compressed in a way.*Decompress/],
    ['a.feather', /an Arrow or Feather file.*pandas/],
    ['a.pkl', /a pickle.*pandas/],
    ['a.h5', /another program/],
    ['a.pdf', /a document.*one text per line/],
  ])('%j is refused as an input, with what to do', (path, message) => {
    expect(() => formatOf(path)).toThrow(message);
  });

  it.each([
    ['-', 'jsonl', false],
    ['a.json', 'jsonl', false],
    ['a.ndjson.gz', 'jsonl', true],
    ['a.TSV', 'tsv', false],
  ])('%j is written', (path, records, gzip) => {
    expect(outputFormatOf(path)).toEqual({ records, gzip });
  });

  it.each(['a', 'a.txt', 'a.xlsx', 'a.csv.zst', 'a.parquet'])('%j is not known as an output', (path) => {
    expect(() => outputFormatOf(path)).toThrow(/must end with \.jsonl/);
  });

  it('an output of Parquet is refused with what to do instead', () => {
    expect(() => outputFormatOf('a.parquet')).toThrow(/Parquet is not written.*to_parquet/);
  });

  it('a table and texts can become any output, JSON only JSON lines', () => {
    for (const records of ['csv', 'tsv', 'txt'] as const) {
      for (const output of ['jsonl', 'csv', 'tsv'] as const)
        checkConversion({ records }, { records: output });
    }
    for (const records of ['jsonl', 'json'] as const) {
      expect(() => {
        checkConversion({ records }, { records: 'csv' });
      }).toThrow(/cannot be written as CSV/);
    }
  });
});
