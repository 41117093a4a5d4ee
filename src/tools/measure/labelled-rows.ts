import { StartError } from '../../base/errors/start-error.js';
import { LineEnds, splitBlocks, type Block } from '../records/blocks.js';
import { CsvEnds } from '../records/csv-ends.js';
import { csvReader, readCsvHeader } from '../records/csv-records.js';
import { DELIMITER, formatOf } from '../records/file-format.js';
import { InputSource } from '../records/input-source.js';
import { linesOf, parseObjectLine } from '../records/json-lines.js';
import { NOT_UTF8 } from '../records/records.js';
import { textError } from '../../engine/text.js';
import type { LabelValue } from './label-values.js';

export interface DataOptions {
  /** JSONL, CSV or TSV by its extension, also `.gz`; `-` is stdin, as JSONL. */
  readonly path: string;
  readonly textField: string;
  readonly labelField: string;
  /** Most texts to take; null: all. */
  readonly limit: number | null;
}

/** One row of the file, or its error. */
export type Row =
  | { readonly line: number; readonly problem: string }
  | { readonly line: number; readonly text: string; readonly label: LabelValue };

/**
 * Reads every row of a labelled file; blank lines are none.
 * @param onChunk is shown the uncompressed content
 * @throws StartError when the file cannot be read, or its header lacks a column
 */
export async function* readRows(options: DataOptions, onChunk: (chunk: Buffer) => void): AsyncGenerator<Row> {
  const { records, gzip } = formatOf(options.path);
  const source = await InputSource.open(options.path, gzip);
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of source.read()) {
      onChunk(chunk);
      yield chunk;
    }
  }
  if (records === 'jsonl') {
    for await (const block of splitBlocks(chunks(), new LineEnds())) yield* jsonRows(block, options);
    return;
  }
  let read: ((block: Block) => Iterable<Row>) | undefined;
  for await (const block of splitBlocks(chunks(), new CsvEnds(DELIMITER[records]))) {
    read ??= tableReader(block, records, options);
    yield* read(block);
  }
}

function* jsonRows(block: Block, { textField, labelField }: DataOptions): Generator<Row> {
  for (const { line, text: json } of linesOf(block)) {
    if (json === null) yield { line, problem: NOT_UTF8.message };
    else if (json.trim() !== '') yield { line, ...jsonRow(json, textField, labelField) };
  }
}

function jsonRow(
  json: string,
  textField: string,
  labelField: string,
): { problem: string } | { text: string; label: LabelValue } {
  const object = parseObjectLine(json);
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
function tableReader(
  first: Block,
  records: 'csv' | 'tsv',
  { textField, labelField }: DataOptions,
): (block: Block) => Iterable<Row> {
  const header = readCsvHeader(first, records, textField);
  const column = header.names.indexOf(labelField);
  if (column < 0) {
    const known = header.names.map((name) => JSON.stringify(name)).join(', ');
    throw new StartError(
      `The input has no column ${JSON.stringify(labelField)}; it has ${known}. --label-field names the one with the labels.`,
    );
  }
  // What the reader of `serin batch` puts before an answer is, here, the label.
  const read = csvReader(header, records, (_, fields) => fields[column] ?? '');
  return function* rows(block) {
    for (const { line, content } of read(block)) {
      if (content === 'blank') continue;
      if ('code' in content) yield { line, problem: content.message };
      else yield { line, text: content.text, label: content.prefix };
    }
  };
}
