import { isUtf8 } from 'node:buffer';
import { StartError } from '../../base/errors/start-error.js';
import type { LineError } from '../../engine/dispatch/batch-group.js';
import { textError } from '../../engine/text.js';
import { countLineFeeds, type Block } from './blocks.js';
import {
  linesInWords,
  markBytes,
  NOT_UTF8,
  type BlockReader,
  type InputRecord,
  type LineContent,
  type Lines,
} from './records.js';
import { fieldsOf, isBlankRecord, TableEnds, type TableDialect } from './table-fields.js';

export interface TableHeader {
  readonly names: readonly string[];
  /** Index of the column that holds the text. */
  readonly textColumn: number;
}

/** How a record of the input begins in the output, or why the output cannot hold it. */
export type RecordPrefix = (names: readonly string[], fields: readonly string[]) => string | LineError;

interface RawRecord extends Lines {
  /** With the line end, without a byte order mark. */
  readonly bytes: Buffer;
}

function* rawRecords({ start, bytes }: Block, dialect: TableDialect): Generator<RawRecord, undefined> {
  const ends = new TableEnds(dialect);
  let line = start.line;
  for (let at = 0; at < bytes.length;) {
    const found = ends.next(bytes, at, at, true);
    const end = found < 0 ? bytes.length : found;
    const record = bytes.subarray(at + markBytes(bytes, at, true), end);
    const next = line + countLineFeeds(record);
    const isClosed = record.at(-1) === 10;
    yield { line, lastLine: isClosed ? next - 1 : next, bytes: record };
    line = next;
    at = end;
  }
}

/** @throws StartError when lines may end with a carriage return alone */
function checkedFields(record: RawRecord, dialect: TableDialect): string[] {
  const fields = fieldsOf(record.bytes, dialect);
  if (fields !== null) return fields;
  const where = linesInWords(record);
  throw new StartError(
    `The input has a carriage return outside of quotes that no line feed follows, in ${where} as line feeds count: it may be meant as a line end. Lines must end with LF or CRLF, and a carriage return inside a field of CSV must stand in quotes.`,
  );
}

/** What to try when quotes may have been meant as quotes. */
const quotesHint = (values: readonly string[], { quotes }: TableDialect): string =>
  !quotes && values.some((value) => value.startsWith('"'))
    ? ' A quote in TSV is text; --quotes reads fields in quotes.'
    : '';

/**
 * Reads the header from an input's first block.
 * @throws StartError when there is none, or it does not name the text
 */
export function readTableHeader(
  first: Block | undefined,
  dialect: TableDialect,
  textField: string,
): TableHeader {
  const record = first && rawRecords(first, dialect).next().value;
  const names = record && isUtf8(record.bytes) ? checkedFields(record, dialect) : null;
  if (!record || !names || names.every((name) => name === '')) {
    throw new StartError(`The input has no header: its first line must name its columns, in UTF-8.`);
  }
  const broken = names.find((name) => /[\r\n]/.test(name));
  if (broken !== undefined) {
    const shown = JSON.stringify(broken.length > 40 ? `${broken.slice(0, 40)}…` : broken);
    throw new StartError(
      `The header of the input, ${linesInWords(record)}, has a line break in the name ${shown}: the names of the columns must stand on one line. Is a quote left open?`,
    );
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new StartError(`The header of the input names the column ${JSON.stringify(twice)} twice.`);
  }
  const textColumn = columnOf(textField, names, dialect, '--text-field names the one to read.');
  return { names, textColumn };
}

/**
 * The index of a column.
 * @param advice what names the column
 * @throws StartError when the header does not name it
 */
export function columnOf(
  name: string,
  names: readonly string[],
  dialect: TableDialect,
  advice: string,
): number {
  const column = names.indexOf(name);
  if (column >= 0) return column;
  const known = names.map((one) => JSON.stringify(one)).join(', ');
  throw new StartError(
    `The input has no column ${JSON.stringify(name)}; it has ${known}. ${advice}${quotesHint(names, dialect)}`,
  );
}

function contentOf(
  { names, textColumn }: TableHeader,
  fields: readonly string[],
  dialect: TableDialect,
  prefixOf: RecordPrefix,
): LineContent {
  if (fields.length !== names.length) {
    const message = `The record has ${String(fields.length)} fields; the header names ${String(names.length)}.${quotesHint(fields, dialect)}`;
    return { code: 'INVALID_REQUEST', message };
  }
  const text = fields[textColumn];
  const problem = textError(text, names[textColumn] ?? '');
  if (problem !== null) return { code: problem.code, message: problem.message };
  const prefix = prefixOf(names, fields);
  return typeof prefix === 'string' ? { text: text ?? '', prefix } : prefix;
}

/** @returns a reader that throws StartError when lines may end with a carriage return alone */
export function tableReader(header: TableHeader, dialect: TableDialect, prefixOf: RecordPrefix): BlockReader {
  return function* read(block): Generator<InputRecord> {
    const isValid = isUtf8(block.bytes);
    let isHeader = block.start.offset === 0;
    for (const raw of rawRecords(block, dialect)) {
      const { line, lastLine, bytes } = raw;
      const record = (content: LineContent): InputRecord => ({ line, lastLine, content });
      if (isHeader) isHeader = false;
      else if (isBlankRecord(bytes)) yield record('blank');
      else if (!isValid && !isUtf8(bytes)) yield record(NOT_UTF8);
      else yield record(contentOf(header, checkedFields(raw, dialect), dialect, prefixOf));
    }
  };
}
