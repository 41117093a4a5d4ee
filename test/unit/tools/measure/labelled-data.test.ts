import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { labelIndex } from '../../../../src/tools/measure/label-values.js';
import {
  withLines,
  readLabelledData,
  type LabelledData,
} from '../../../../src/tools/measure/labelled-data.js';
import { evenSample } from '../../../../src/base/statistics/even-sample.js';

const folder = mkdtempSync(join(tmpdir(), 'serin-labelled-'));
const LABELS = ['NEGATIVE', 'POSITIVE'];

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Fields {
  readonly textField?: string;
  readonly labelField?: string;
  readonly quotes?: boolean;
  readonly limit?: number;
}

function read(name: string, content: string | Buffer, fields: Fields = {}): Promise<LabelledData> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const { textField = 'text', labelField = 'label', quotes = false, limit = null } = fields;
  return readLabelledData({ path, textField, labelField, quotes, limit }, LABELS);
}

const lines = (...objects: unknown[]): string =>
  objects.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n');

describe('labels', () => {
  it.each([
    ['POSITIVE', 1],
    ['0', 0],
    [1, 1],
    ['positive', null],
    [2, null],
    [-1, null],
    [0.5, null],
    ['01', null],
    ['', null],
  ])('%j is the label %j', (value, index) => {
    expect(labelIndex(value, LABELS)).toBe(index);
  });

  it('are names before they are indices', () => {
    expect(labelIndex('1', ['1', '0'])).toBe(0);
    expect(labelIndex(1, ['1', '0'])).toBe(1);
  });
});

describe('labelled data', () => {
  const rows = [
    { line: 1, text: 'good', label: 1 },
    { line: 2, text: 'bad, "very"', label: 0 },
  ];

  it('are JSON lines, by name or by index', async () => {
    const json = lines({ text: 'good', label: 'POSITIVE' }, { label: 0, id: 7, text: 'bad, "very"' });
    expect(await read('a.jsonl', json)).toMatchObject({
      items: rows,
      rows: 2,
      duplicates: 0,
      sha256: createHash('sha256').update(json).digest('hex'),
    });
  });

  it('are CSV and TSV with a header, whose columns can have other names', async () => {
    const csv = 'stars,review\n1,good\nNEGATIVE,"bad, ""very"""\n';
    const inTable = rows.map((row) => ({ ...row, line: row.line + 1 }));
    const fields = { textField: 'review', labelField: 'stars' };
    expect((await read('a.csv', csv, fields)).items).toEqual(inTable);
    const tsv = 'label\ttext\r\n1\tgood\r\n0\t"bad, ""very"""\r\n';
    expect((await read('a.tsv', tsv, { quotes: true })).items).toEqual(inTable);
    const asText = [inTable[0], { ...inTable[1], text: '"bad, ""very"""' }];
    expect((await read('a.tsv', tsv)).items).toEqual(asText);
  });

  it('lose no row to a quote that nothing closes, and say how many lines the file has', async () => {
    const rowsOf = (delimiter: string): string =>
      Array.from({ length: 300 }, (_, i) => [i % 2, `${[11, 251].includes(i) ? '"' : ''}a film ${i}`])
        .map((cells) => `${cells.join(delimiter)}\n`)
        .join('');
    const counts = { rows: 300, lines: 301, continuedLines: 0 };
    expect(await read('stray.csv', `label,text\n${rowsOf(',')}`)).toMatchObject(counts);
    expect(await read('stray.tsv', `label\ttext\n${rowsOf('\t')}`)).toMatchObject(counts);
    expect(await read('stray.tsv', `label\ttext\n${rowsOf('\t')}`, { quotes: true })).toMatchObject(counts);
    const twoLines = await read('two.csv', 'label,text\n\n1,"good\nfilm"\n0,bad');
    expect(twoLines).toMatchObject({ rows: 2, lines: 5, continuedLines: 1 });
    expect(withLines(twoLines.lines, twoLines.continuedLines)).toBe(
      'with 5 lines (1 of them inside a record that began earlier)',
    );
  });

  it('have the digest of their content, compressed or not', async () => {
    const json = lines({ text: 'good', label: 1 }, { text: 'bad', label: 0 });
    const { sha256 } = await read('b.jsonl', json);
    expect((await read('b.jsonl.gz', gzipSync(json))).sha256).toBe(sha256);
  });

  it('tell texts that come twice, and those that contradict themselves', async () => {
    const all = [
      ['x', 1],
      ['x', 1],
      ['x', 0],
      ['y', 0],
    ].map(([text, label]) => ({ text, label }));
    expect(await read('c.jsonl', lines(...all))).toMatchObject({ rows: 4, duplicates: 2, contradictions: 1 });
  });

  it('are limited evenly over the file, which may be sorted', async () => {
    const all = Array.from({ length: 100 }, (_, i) => ({ text: `t${String(i)}`, label: i < 50 ? 0 : 1 }));
    const { items, rows: total } = await read('d.jsonl', lines(...all), { limit: 10 });
    expect(total).toBe(100);
    expect(items.map(({ line }) => line)).toEqual([1, 11, 21, 31, 41, 51, 61, 71, 81, 91]);
    expect(evenSample([1, 2], 5)).toEqual([1, 2]);
  });
});

describe('data that cannot be used', () => {
  it.each([
    ['nothing.jsonl', '\n\n', /it is empty; it must have a text and a label in each line/],
    ['nothing.csv', '', /it is empty/],
    ['header.csv', 'text,label\n', /it is empty/],
    [
      'one.jsonl',
      lines({ text: 'a', label: 1 }, { text: 'b', label: 'POSITIVE' }),
      /all 2 texts have the label "POSITIVE"; accuracy means something only with two or more/,
    ],
    [
      'foreign.jsonl',
      lines(
        { text: 'a', label: 'happy' },
        { text: 'b', label: 'happy' },
        { text: 'c', label: 7 },
        { text: 'd', label: 0 },
      ),
      /"happy" \(2 lines, first line 1\), 7 \(line 3\); it knows "NEGATIVE" or 0, "POSITIVE" or 1\. --label-field/,
    ],
    [
      'broken.jsonl',
      lines(
        { text: 'a', label: 1 },
        '{"text":',
        { text: ' ', label: 0 },
        { label: 0 },
        { text: 'x', label: null },
        '[1]',
        '7',
      ),
      /6 of its lines have no labelled text; mend or remove them \(line 2: The line is not JSON.*; line 3: text must not be empty.*; line 4: .*no field "text".*; line 5: label must be a label's name.*; line 6: .*; and 1 more\)/,
    ],
    ['lines.csv', 'text,label\n"a\nb",1,2\nb,0\n', /1 of its lines .*lines 2 to 3: The record has 3 fields/],
    ['mac.csv', 'text,label\ra,1\rb,0\r', /carriage return outside of quotes.*in line 1 .*LF or CRLF/],
    ['mac.jsonl', '{"text":"a","label":1}\r{"text":"b","label":0}', /Line 1 .*carriage return alone ends/],
    ['empty.csv.gz', '', /it is empty/],
    ['ragged.csv', 'text,label\na,1\nb\n', /1 of its lines .*line 3: The record has 1 fields/],
    ['column.csv', 'text,stars\na,1\n', /no column "label"; it has "text", "stars"\. --label-field/],
    ['text.csv', 'review,label\na,1\n', /no column "text"; it has "review", "label"\. --text-field/],
    ['data.parquet', 'PAR1', /must end with \.jsonl/],
  ])('%s is refused with a sentence', async (name, content, sentence) => {
    await expect(read(name, content)).rejects.toThrow(sentence);
  });

  it('is a file that does not exist', async () => {
    const fields = { textField: 'text', labelField: 'label', quotes: false, limit: null };
    const options = { path: join(folder, 'none.jsonl'), ...fields };
    await expect(readLabelledData(options, LABELS)).rejects.toThrow(
      /none\.jsonl cannot be read: it does not exist/,
    );
  });
});
