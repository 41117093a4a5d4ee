import { describe, expect, it } from 'vitest';
import { answerFields } from '../../../../src/tools/batch/answer-line.js';
import type { Block } from '../../../../src/tools/records/blocks.js';
import { headerLine, outputDialect, recordPrefix } from '../../../../src/tools/batch/input-blocks.js';
import { dialectOf, type RecordFormat } from '../../../../src/tools/records/file-format.js';
import { readTableHeader, tableReader } from '../../../../src/tools/records/table-records.js';

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
  quotes = false,
): [number, string][] {
  const dialect = dialectOf(input, quotes);
  const header = readTableHeader(block, dialect, 'text');
  const prefixOf = recordPrefix(outputDialect(output, quotes), new Set(FIELDS));
  const read = tableReader(header, dialect, prefixOf);
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
      [8, '"""open",5,'],
    ]);
  });

  it('a quote that nothing closes is text, and takes no other record with it', () => {
    const text = 'id,text\n1,"two\nlines"\n2,"Great" film\n3,"stray\n4,fine\n5,"a ""b""\n6,"6"" disk"\n';
    expect(records(blockOf(text), 'jsonl')).toEqual([
      [2, '{"id":"1","text":"two\\nlines",'],
      [4, '{"id":"2","text":"\\"Great\\" film",'],
      [5, '{"id":"3","text":"\\"stray",'],
      [6, '{"id":"4","text":"fine",'],
      [7, '{"id":"5","text":"\\"a \\"\\"b\\"\\"",'],
      [8, '{"id":"6","text":"6\\" disk",'],
    ]);
  });

  it('in TSV a quote is text unless the user says otherwise', () => {
    const text = 'id\ttext\n1\t"good"\n2\t"a\n3\tb"\n';
    expect(records(blockOf(text), 'tsv', 'tsv')).toEqual([
      [2, '1\t"good"\t'],
      [3, '2\t"a\t'],
      [4, '3\tb"\t'],
    ]);
    expect(records(blockOf(text), 'tsv', 'tsv', true)).toEqual([
      [2, '1\tgood\t'],
      [3, '2\t"a\n3\tb"\t'],
    ]);
    const twoLines = blockOf('id\ttext\tn\n1\t"a\nb"\t5\n');
    const tsv = dialectOf('tsv', false);
    const read = tableReader(readTableHeader(twoLines, tsv, 'text'), tsv, () => '');
    expect([...read(twoLines)][0]?.content).toMatchObject({
      message: expect.stringMatching(/has 2 fields; .*quote in TSV is text; --quotes reads/) as string,
    });
  });

  it('a byte order mark begins any line, also before a quote, and is skipped', () => {
    expect(records(blockOf('\uFEFF"id",text\n\uFEFF"1,5",a\n\uFEFF\n2,\uFEFFb'))).toEqual([
      [2, '"1,5",a,'],
      [3, 'blank'],
      [4, '2,\uFEFFb,'],
    ]);
  });

  it.each([
    ['text,id\ra good film,1\ra bad film,2\r', /carriage return outside of quotes .* in line 1 /],
    ['text,id\na good film,1\r\na bad film,2\rlost,3\r\nlast,4\n', /in line 3 /],
    ['text,id\na,1\r\r\nb,2\r\r\n', /in line 2 /],
    ['text,id\n"a\nb",1\rc,2\n', /in lines 2 to 3 /],
    ['text,id\n"a",1\n"b"\r', /in line 3 /],
  ])('%j may have line ends that are carriage returns: refused', (text, message) => {
    expect(() => records(blockOf(text))).toThrow(message);
    expect(() => records(blockOf(text))).toThrow(/Lines must end with LF or CRLF/);
  });

  it('CRLF and LF may stand in one file, and a carriage return in quotes', () => {
    expect(records(blockOf('text,n\r\na,1\n"b\rc",2\r\n'))).toEqual([
      [2, 'a,1,'],
      [3, '"b\rc",2,'],
    ]);
  });

  it('as JSON its values are strings, in the order of the header', () => {
    expect(records(blockOf('2,text,1\nb,"x\ny",007\n'), 'jsonl')).toEqual([
      [2, '{"2":"b","text":"x\\ny","1":"007",'],
    ]);
  });

  it('TSV to CSV and back', () => {
    const quoted = blockOf('text\tb\nx,y\t"p\tq"\n');
    expect(records(quoted, 'csv', 'tsv', true)).toEqual([[2, '"x,y",p\tq,']]);
    const tab = blockOf('text,b\nx,p\tq\ny,"""r"""\n');
    expect(records(tab, 'tsv', 'csv', true)).toEqual([
      [2, 'x\t"p\tq"\t'],
      [3, 'y\t"""r"""\t'],
    ]);
    expect(records(tab, 'tsv')).toEqual([
      [2, 'INVALID_REQUEST'],
      [3, 'y\t"r"\t'],
    ]);
    expect(() => headerLine(['a\tb'], FIELDS, dialectOf('tsv', false))).toThrow(
      /name of the column "a\\tb" has a tab/,
    );
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
    const csv = dialectOf('csv', false);
    const header = readTableHeader(blockOf('label,text,score,n\n'), csv, 'text');
    expect(headerLine(header.names, FIELDS, csv)).toBe(
      'text,n,label,score,model_name,model_version,truncated\n',
    );
    expect(records(blockOf('label,text,score,n\n1,a,2,3\n'))).toEqual([[2, 'a,3,']]);
  });

  it.each([
    ['', /no header/],
    ['\n1,2\n', /no header/],
    ['a,b\n', /no column "text"; it has "a", "b"/],
    ['text,a,a\n', /names the column "a" twice/],
    ['text,"a\nb"\n', /lines 1 to 2, has a line break in the name "a\\nb".*one line/],
    ['text,"a\rb"\n', /line 1, has a line break in the name/],
  ])('the header %j cannot be used', (text, message) => {
    const first = text === '' ? undefined : blockOf(text);
    expect(() => readTableHeader(first, dialectOf('csv', false), 'text')).toThrow(message);
  });

  it('the names of a header of TSV in quotes bring the hint that quotes are text', () => {
    const first = blockOf('"id"\t"text"\n');
    expect(() => readTableHeader(first, dialectOf('tsv', false), 'text')).toThrow(/--quotes reads fields/);
    expect(readTableHeader(first, dialectOf('tsv', true), 'text').textColumn).toBe(1);
  });
});
