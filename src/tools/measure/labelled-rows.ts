import { LineEnds, splitBlocks, type Block } from '../records/blocks.js';
import { dialectOf, formatOf } from '../records/file-format.js';
import { InputSource } from '../records/input-source.js';
import { linesOf, parseObjectLine } from '../records/json-lines.js';
import { NOT_UTF8, type Lines } from '../records/records.js';
import { TableEnds, type TableDialect } from '../records/table-fields.js';
import { columnOf, readTableHeader, tableReader } from '../records/table-records.js';
import { textError } from '../../engine/text.js';
import type { LabelValue } from './label-values.js';

export interface DataOptions {
  /** JSONL, CSV or TSV by its extension, also `.gz`; `-` is stdin, as JSONL. */
  readonly path: string;
  readonly textField: string;
  readonly labelField: string;
  /** Whether fields of TSV may be in quotes. */
  readonly quotes: boolean;
  /** Most texts to take; null: all. */
  readonly limit: number | null;
}

/** One row of the file, or its error. */
export type Row = Lines &
  ({ readonly problem: string } | { readonly text: string; readonly label: LabelValue });

/**
 * Reads every row of a labelled file, with the reader of `serin batch`; blank lines are no rows.
 * @param seen is shown every block
 * @throws StartError when the file cannot be read, its header lacks a column, or lines end with a carriage return alone
 */
export async function* readRows(options: DataOptions, seen: (block: Block) => void): AsyncGenerator<Row> {
  const { records, gzip } = formatOf(options.path);
  const source = await InputSource.open(options.path, gzip);
  const dialect = records === 'jsonl' ? null : dialectOf(records, options.quotes);
  const ends = dialect === null ? new LineEnds() : new TableEnds(dialect);
  let read: ((block: Block) => Iterable<Row>) | undefined;
  for await (const block of splitBlocks(source.read(), ends)) {
    seen(block);
    read ??= dialect === null ? jsonRows(options) : tableRows(block, dialect, options);
    yield* read(block);
  }
}

const jsonRows = ({ textField, labelField }: DataOptions) =>
  function* rows(block: Block): Generator<Row> {
    for (const { line, text: json } of linesOf(block)) {
      const at = { line, lastLine: line };
      if (json === null) yield { ...at, problem: NOT_UTF8.message };
      else if (json.trim() !== '') yield { ...at, ...jsonRow(json, line, textField, labelField) };
    }
  };

function jsonRow(
  json: string,
  line: number,
  textField: string,
  labelField: string,
): { problem: string } | { text: string; label: LabelValue } {
  const object = parseObjectLine(json, line);
  if (typeof object === 'string') return { problem: object };
  for (const field of [textField, labelField]) {
    if (!Object.hasOwn(object, field))
      return { problem: `The object has no field ${JSON.stringify(field)}.` };
  }
  const { [textField]: text, [labelField]: label } = object;
  const error = textError(text, textField);
  if (error !== null) return { problem: error.message };
  if (typeof label !== 'string' && typeof label !== 'number') {
    return { problem: `${labelField} must be a label's name or its index.` };
  }
  return { text: text as string, label };
}

/** @throws StartError when the header does not name both columns */
function tableRows(
  first: Block,
  dialect: TableDialect,
  { textField, labelField }: DataOptions,
): (block: Block) => Iterable<Row> {
  const header = readTableHeader(first, dialect, textField);
  const advice = '--label-field names the one with the labels.';
  const column = columnOf(labelField, header.names, dialect, advice);
  // What the reader of `serin batch` puts before an answer is, here, the label.
  const read = tableReader(header, dialect, (_, fields) => fields[column] ?? '');
  return function* rows(block) {
    for (const { line, lastLine, content } of read(block)) {
      if (content === 'blank') continue;
      if ('code' in content) yield { line, lastLine, problem: content.message };
      else yield { line, lastLine, text: content.text, label: content.prefix };
    }
  };
}
