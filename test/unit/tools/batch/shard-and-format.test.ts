import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkConversion, formatOf } from '../../../../src/tools/records/file-format.js';
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
  it.each([
    ['-', { records: 'jsonl', gzip: false }],
    ['a.jsonl', { records: 'jsonl', gzip: false }],
    ['a.b/c.NDJSON', { records: 'jsonl', gzip: false }],
    ['a.json.gz', { records: 'jsonl', gzip: true }],
    ['a.csv', { records: 'csv', gzip: false }],
    ['a.jsonl.GZ', { records: 'jsonl', gzip: true }],
    ['A.CSV.Gz', { records: 'csv', gzip: true }],
    ['x.tsv.gz', { records: 'tsv', gzip: true }],
  ])('%j', (path, format) => {
    expect(formatOf(path)).toEqual(format);
  });

  it.each(['a', 'a.txt', 'a.gz', 'a.xlsx.gz', 'a.csv.zip', 'a.constructor', 'a.toString.gz'])(
    '%j is not known',
    (path) => {
      expect(() => formatOf(path)).toThrow(/must end with \.jsonl/);
    },
  );

  it('a table can become JSON lines, but not the other way round', () => {
    const [jsonl, csv, tsv] = ['x.jsonl', 'x.csv', 'x.tsv'].map(formatOf);
    if (!jsonl || !csv || !tsv) throw new Error('no formats');
    checkConversion(csv, jsonl);
    checkConversion(csv, tsv);
    expect(() => {
      checkConversion(jsonl, csv);
    }).toThrow(/cannot be written as CSV/);
  });
});
