import { StartError } from '../../base/errors/start-error.js';
import { LineEnds, splitBlocks, type Block } from '../records/blocks.js';
import { inputFormatOf, tableDialect, type ReadOptions } from '../records/file-format.js';
import { InputSource } from '../records/input-source.js';
import { linesOf, parseObjectLine, valueAt } from '../records/json-lines.js';
import { NOT_UTF8, type Lines } from '../records/records.js';
import { TableEnds, type TableDialect } from '../records/table-fields.js';
import { columnOf, readTableHeader, tableReader } from '../records/table-records.js';
import { textError } from '../../engine/text.js';

export interface DataOptions {
  /** JSONL, JSON, CSV or TSV by its extension, also `.gz`; `-` is stdin, as JSONL. */
  readonly path: string;
  readonly textField: string;
  readonly labelField: string;
  readonly reading: ReadOptions;
  /** Most texts to take; null: all. */
  readonly limit: number | null;
}

/** One row of the file, or its error. */
export type Row = Lines & ({ readonly problem: string } | { readonly text: string; readonly label: unknown });

/** Where the labels of a row may stand beside the field that is named for them. */
export interface LabelPlaces {
  /** Another field, for a row without the one that is named; null: none. */
  readonly otherField: string | null;
  /** Fields of one label each, for a row with neither. Their values become one object. */
  readonly ownFields: readonly string[];
}

/**
 * Reads every row of a labelled file, with the reader of `serin batch`; blank lines are no rows.
 * @param seen is shown every block
 * @throws StartError when the file cannot be read, has no quotes to be read, its header lacks a column, or lines end with
 *   a carriage return alone
 */
export async function* readRows(
  options: DataOptions,
  places: LabelPlaces,
  seen: (block: Block) => void,
): AsyncGenerator<Row> {
  const format = inputFormatOf(options.path, options.reading);
  if (format.records === 'txt') {
    throw new StartError(
      `${options.path} has texts without labels: give a table, JSON lines or a JSON array.`,
    );
  }
  const source = await InputSource.open(options.path, format);
  const dialect = tableDialect(format.records, format);
  const ends = dialect === null ? new LineEnds() : new TableEnds(dialect);
  let read: ((block: Block) => Iterable<Row>) | undefined;
  for await (const block of splitBlocks(source.read(), ends)) {
    seen(block);
    read ??= dialect === null ? jsonRows(options, places) : tableRows(block, dialect, options, places);
    yield* read(block);
  }
}

const jsonRows = (options: DataOptions, places: LabelPlaces) =>
  function* rows(block: Block): Generator<Row> {
    for (const { line, text: json } of linesOf(block)) {
      const at = { line, lastLine: line };
      if (json === null) yield { ...at, problem: NOT_UTF8.message };
      else if (json.trim() !== '') yield { ...at, ...jsonRow(json, line, options, places) };
    }
  };

function jsonRow(
  json: string,
  line: number,
  { textField, labelField }: DataOptions,
  places: LabelPlaces,
): { problem: string } | { text: string; label: unknown } {
  const object = parseObjectLine(json, line);
  if (typeof object === 'string') return { problem: object };
  const [{ value: text, missing }, named] = [valueAt(object, textField), valueAt(object, labelField)];
  const fields =
    named.missing === undefined ? null : labelFields(Object.keys(object), labelField, textField, places);
  const problem = missing ?? (fields === null ? named.missing : undefined);
  if (problem !== undefined) return { problem };
  const error = textError(text, textField);
  if (error !== null) return { problem: error.message };
  if (fields === null) return { text: text as string, label: named.value };
  const label = typeof fields === 'string' ? object[fields] : pick(fields, (name) => object[name]);
  return { text: text as string, label };
}

/**
 * The field with the labels, or the fields of one label each.
 * @returns null when there is none of them
 */
function labelFields(
  names: readonly string[],
  labelField: string,
  textField: string,
  { otherField, ownFields }: LabelPlaces,
): string | readonly string[] | null {
  const field = [labelField, otherField].find((name) => name !== null && names.includes(name));
  if (field !== undefined && field !== null) return field;
  const own = ownFields.filter((name) => name !== textField && names.includes(name));
  return own.length === 0 ? null : own;
}

const pick = (names: readonly string[], valueOf: (name: string) => unknown): Record<string, unknown> =>
  Object.fromEntries(names.map((name) => [name, valueOf(name)]));

/** @throws StartError when the header does not name the columns */
function tableRows(
  first: Block,
  dialect: TableDialect,
  { textField, labelField }: DataOptions,
  places: LabelPlaces,
): (block: Block) => Iterable<Row> {
  const header = readTableHeader(first, dialect, textField);
  const { names } = header;
  const perLabel = places.ownFields.length === 0 ? '' : ' Else the columns are named as the labels.';
  const advice = `--label-field names the one with the labels.${perLabel}`;
  const fieldsOfLabels =
    labelFields(names, labelField, textField, places) ??
    names[columnOf(labelField, names, dialect, advice)] ??
    labelField;
  // What the reader of `serin batch` puts before an answer is, here, the label.
  const read = tableReader(header, dialect, (_, fields) => {
    const cellOf = (name: string): string => fields[names.indexOf(name)] ?? '';
    return JSON.stringify(
      typeof fieldsOfLabels === 'string' ? cellOf(fieldsOfLabels) : pick(fieldsOfLabels, cellOf),
    );
  });
  return function* rows(block) {
    for (const { line, lastLine, content } of read(block)) {
      if (content === 'blank') continue;
      if ('code' in content) yield { line, lastLine, problem: content.message };
      else yield { line, lastLine, text: content.text, label: JSON.parse(content.prefix) as unknown };
    }
  };
}
