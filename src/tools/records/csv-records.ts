import { isUtf8 } from 'node:buffer';
import { parse } from 'csv-parse/sync';
import { StartError } from '../../base/errors/start-error.js';
import { textError } from '../../engine/text.js';
import { countLineFeeds, type Block } from './blocks.js';
import { CsvEnds } from './csv-ends.js';
import { DELIMITER } from './file-format.js';
import { markBytes, NOT_UTF8, type BlockReader, type InputRecord, type LineContent } from './records.js';

export interface CsvHeader {
  readonly names: readonly string[];
  /** Index of the column that holds the text. */
  readonly textColumn: number;
}

/** How a record of the input begins in the output. */
export type CsvPrefix = (names: readonly string[], fields: readonly string[]) => string;

interface RawRecord {
  readonly line: number;
  readonly bytes: Buffer;
}

/** Lone carriage returns are text; what ends a record is what ends it in {@link CsvEnds}. */
function parseAll(bytes: Buffer, delimiter: string): string[][] {
  return parse(bytes, {
    delimiter,
    record_delimiter: ['\r\n', '\n'],
    relax_quotes: true,
    relax_column_count: true,
  });
}

function rawRecords(block: Block, delimiter: string): RawRecord[] {
  const ends = new CsvEnds(delimiter);
  const records: RawRecord[] = [];
  let line = block.start.line;
  for (let at = markBytes(block); at < block.bytes.length;) {
    const end = ends.next(block.bytes, at, at);
    const bytes = block.bytes.subarray(at, end < 0 ? block.bytes.length : end);
    records.push({ line, bytes });
    line += countLineFeeds(bytes);
    at += bytes.length;
  }
  return records;
}

/** The fields of each record, or null for one whose quotes do not match; a bad record spares its neighbours. */
function fieldsOf(records: readonly RawRecord[], delimiter: string): (string[] | null)[] {
  try {
    const all = parseAll(Buffer.concat(records.map(({ bytes }) => bytes)), delimiter);
    if (all.length === records.length) return all;
  } catch {
    // One of them causes the error; parsing each alone shows which one.
  }
  return records.map(({ bytes }) => {
    try {
      const [fields, ...others] = parseAll(bytes, delimiter);
      return fields !== undefined && others.length === 0 ? fields : null;
    } catch {
      return null;
    }
  });
}

/** Nothing but its line end: a tab or a blank would be a field. */
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte === 13 || byte === 10);

/**
 * Reads the header from an input's first block.
 * @throws StartError when there is none, or it does not name the text
 */
export function readCsvHeader(first: Block | undefined, format: 'csv' | 'tsv', textField: string): CsvHeader {
  const delimiter = DELIMITER[format];
  const [record] = first === undefined ? [] : rawRecords(first, delimiter);
  const names = record && isUtf8(record.bytes) ? fieldsOf([record], delimiter)[0] : null;
  if (!names || names.every((name) => name === '')) {
    throw new StartError(`The input has no header: its first line must name its columns, in UTF-8.`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new StartError(`The header of the input names the column ${JSON.stringify(twice)} twice.`);
  }
  const textColumn = names.indexOf(textField);
  if (textColumn < 0) {
    const known = names.map((name) => JSON.stringify(name)).join(', ');
    throw new StartError(
      `The input has no column ${JSON.stringify(textField)}; it has ${known}. --text-field names the one to read.`,
    );
  }
  return { names, textColumn };
}

function readFields(
  { names, textColumn }: CsvHeader,
  fields: string[] | null,
  prefix: CsvPrefix,
): LineContent {
  if (fields === null) return { code: 'INVALID_REQUEST', message: 'The quotes of the record do not match.' };
  if (fields.length !== names.length) {
    const message = `The record has ${String(fields.length)} fields; the header names ${String(names.length)}.`;
    return { code: 'INVALID_REQUEST', message };
  }
  const text = fields[textColumn];
  const problem = textError(text, names[textColumn] ?? '');
  if (problem !== null) return { code: problem.code, message: problem.message };
  return { text: text ?? '', prefix: prefix(names, fields) };
}

export function csvReader(header: CsvHeader, format: 'csv' | 'tsv', prefix: CsvPrefix): BlockReader {
  const delimiter = DELIMITER[format];
  return function* read(block) {
    const all = rawRecords(block, delimiter);
    const records = block.start.offset === 0 ? all.slice(1) : all;
    const valid = isUtf8(block.bytes);
    const fields = fieldsOf(records, delimiter);
    for (const [i, { line, bytes }] of records.entries()) {
      const record = (content: LineContent): InputRecord => ({ line, content });
      if (isBlank(bytes)) yield record('blank');
      else if (!valid && !isUtf8(bytes)) yield record(NOT_UTF8);
      else yield record(readFields(header, fields[i] ?? null, prefix));
    }
  };
}
