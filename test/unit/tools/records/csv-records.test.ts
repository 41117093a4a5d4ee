import { describe, expect, it } from 'vitest';
import { answerFields } from '../../../../src/tools/batch/answer-line.js';
import type { Block } from '../../../../src/tools/records/blocks.js';
import { csvHeaderLine, csvPrefix } from '../../../../src/tools/batch/input-blocks.js';
import { csvReader, readCsvHeader } from '../../../../src/tools/records/csv-records.js';
import type { RecordFormat } from '../../../../src/tools/records/file-format.js';

const FIELDS = answerFields(null);

function blockOf(text: string | Buffer, offset = 0, line = 1): Block {
  const bytes = Buffer.from(text);
  return { number: 0, start: { offset, line }, end: { offset: offset + bytes.length, line: 0 }, bytes };
}

/** Line and prefix (or code) of each record. */
function records(
  block: Block,
  output: RecordFormat = 'csv',
  input: 'csv' | 'tsv' = 'csv',
): [number, string][] {
  const header = readCsvHeader(block, input, 'text');
  const read = csvReader(header, input, csvPrefix(output, new Set(FIELDS)));
  return [...read(block)].map(({ line, content }) => [
    line,
    content === 'blank' ? 'blank' : 'code' in content ? content.code : content.prefix,
  ]);
}

describe('CSV', () => {
  it('numbers records by the line on which they begin, quoted newlines and all', () => {
    const text = '\uFEFFid,text\r\n1,"a ""b"",\nc"\r\n\r\n2,d\r\n3, e ';
    expect(records(blockOf(text))).toEqual([
      [2, '1,"a ""b"",\nc",'],
      [4, 'blank'],
      [5, '2,d,'],
      [6, '3, e ,'],
    ]);
  });

  it('a bad record spares its neighbours', () => {
    const bytes = Buffer.concat([
      Buffer.from('text,n\nfive,5,5\n"un" quoted,1\n'),
      Buffer.from([0xff, 0x2c, 0x31, 0x0a]),
      Buffer.from('6" disk,2\n"",3\nlast,4\n"open,5\n'),
    ]);
    expect(records(blockOf(bytes))).toEqual([
      [2, 'INVALID_REQUEST'],
      [3, '"""un"" quoted",1,'],
      [4, 'MALFORMED_JSON'],
      [5, '"6"" disk",2,'],
      [6, 'EMPTY_TEXT'],
      [7, 'last,4,'],
      [8, 'INVALID_REQUEST'],
    ]);
  });

  it('as JSON its values are strings, in the order of the header', () => {
    expect(records(blockOf('2,text,1\nb,"x\ny",007\n'), 'jsonl')).toEqual([
      [2, '{"2":"b","text":"x\\ny","1":"007",'],
    ]);
  });

  it('TSV to CSV and back', () => {
    expect(records(blockOf('text\tb\nx,y\t"p\tq"\n'), 'csv', 'tsv')).toEqual([[2, '"x,y",p\tq,']]);
    expect(records(blockOf('text,b\nx,p\tq\n'), 'tsv')).toEqual([[2, 'x\t"p\tq"\t']]);
  });

  it('a record of empty fields is no blank line', () => {
    expect(records(blockOf('id\ttext\n1\tgood\n\t\n\r\n3\tbad\n\t'), 'tsv', 'tsv')).toEqual([
      [2, '1\tgood\t'],
      [3, 'EMPTY_TEXT'],
      [4, 'blank'],
      [5, '3\tbad\t'],
      [6, 'EMPTY_TEXT'],
    ]);
    expect(records(blockOf('id\ttext\tn\n\t\t'), 'tsv', 'tsv')).toEqual([[2, 'EMPTY_TEXT']]);
    expect(records(blockOf('text\n \n\n'))).toEqual([
      [2, 'EMPTY_TEXT'],
      [3, 'blank'],
    ]);
  });

  it('a column that the answer brings gives way', () => {
    const header = readCsvHeader(blockOf('label,text,score,n\n'), 'csv', 'text');
    expect(csvHeaderLine(header.names, FIELDS, 'csv')).toBe(
      'text,n,label,score,model_name,model_version,truncated\n',
    );
    expect(records(blockOf('label,text,score,n\n1,a,2,3\n'))).toEqual([[2, 'a,3,']]);
  });

  it.each([
    ['', /no header/],
    ['\n1,2\n', /no header/],
    ['a,b\n', /no column "text"; it has "a", "b"/],
    ['text,a,a\n', /names the column "a" twice/],
  ])('the header %j cannot be used', (text, message) => {
    expect(() => readCsvHeader(text === '' ? undefined : blockOf(text), 'csv', 'text')).toThrow(message);
  });
});
