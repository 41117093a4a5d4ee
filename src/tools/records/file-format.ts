import { StartError } from '../../base/errors/start-error.js';
import { foreignByExtension } from './foreign-files.js';
import type { TableDialect } from './table-fields.js';

/** What the records of an output are. */
export type OutputRecords = 'jsonl' | 'csv' | 'tsv';

/** What the records of an input are. `json` is one array of objects, or JSON lines: its first character says which. */
export type RecordFormat = OutputRecords | 'json' | 'txt' | 'parquet';

export type Compression = 'gzip' | 'zstd' | null;

/** How an output is written. */
export interface OutputFormat {
  readonly records: OutputRecords;
  readonly gzip: boolean;
}

/** How an input is stored. */
export interface StoredFormat {
  readonly records: RecordFormat;
  readonly compression: Compression;
  /** A name of the Encoding Standard; null: UTF-8. */
  readonly encoding: string | null;
}

/** What a user says about an input, beside its name. */
export interface ReadOptions {
  /** Null: the name of the file says it. */
  readonly records: RecordFormat | null;
  readonly encoding: string | null;
  /** Whether fields of TSV are read, and written, in quotes. */
  readonly quotes: boolean;
  /** What separates the fields of CSV; null: a comma. */
  readonly delimiter: string | null;
}

const BY_EXTENSION: Readonly<Record<string, RecordFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  csv: 'csv',
  tsv: 'tsv',
  txt: 'txt',
  parquet: 'parquet',
  pq: 'parquet',
};

export type InputFormat = StoredFormat & Pick<ReadOptions, 'quotes' | 'delimiter'>;

/** The names for `--format`. */
export const RECORD_FORMATS = [
  'jsonl',
  'json',
  'csv',
  'tsv',
  'txt',
  'parquet',
] as const satisfies RecordFormat[];

/** Stands for stdin or stdout. */
export const STANDARD_STREAM = '-';

/** The compression that a file's name announces. */
export const compressionOf = (path: string): Compression =>
  /\.gz$/i.test(path) ? 'gzip' : /\.zst$/i.test(path) ? 'zstd' : null;

/** The extension of a file's name, in small letters, without that of its compression; empty when it has none. */
const extensionOf = (path: string): string =>
  /\.([A-Za-z0-9]+)$/.exec(path.replace(/(?<=\.[A-Za-z0-9]+)\.(gz|zst)$/i, ''))?.[1]?.toLowerCase() ?? '';

const recordsOf = (path: string): RecordFormat | undefined => {
  const extension = extensionOf(path);
  return Object.hasOwn(BY_EXTENSION, extension) ? BY_EXTENSION[extension] : undefined;
};

/**
 * How an input is read: as the user says, else as its name announces; `-` is JSON lines.
 * @throws StartError when the extension is not known, or is one of files that are not read
 */
export function inputFormatOf(path: string, { records: named, ...options }: ReadOptions): InputFormat {
  const format = { ...options, ...namedFormat(path, named) };
  checkTableOptions(format);
  checkParquet(path, format);
  return format;
}

function namedFormat(
  path: string,
  named: RecordFormat | null,
): Pick<StoredFormat, 'records' | 'compression'> {
  if (path === STANDARD_STREAM) return { records: named ?? 'jsonl', compression: null };
  const foreign = named === null ? foreignByExtension(path, extensionOf(path)) : null;
  if (foreign !== null) throw foreign;
  const records = named ?? recordsOf(path);
  if (records === undefined) {
    throw new StartError(
      `${path}: the name must end with .jsonl, .ndjson, .json, .csv, .tsv or .txt, or with one of these and .gz or .zst, or with .parquet; --format says what it is under another name.`,
    );
  }
  return { records, compression: compressionOf(path) };
}

/**
 * The format that an output's name announces; `-` is JSON lines.
 * @throws StartError when it is none that can be written
 */
export function outputFormatOf(path: string): OutputFormat {
  if (path === STANDARD_STREAM) return { records: 'jsonl', gzip: false };
  const compression = compressionOf(path);
  const records = recordsOf(path);
  if (records === undefined || records === 'txt' || records === 'parquet' || compression === 'zstd') {
    const parquet = /\.(parquet|pq)$/i.test(path)
      ? ' Parquet is not written, because a run that was killed could not go on with it: write .jsonl, and pandas.read_json(path, lines=True).to_parquet(…) makes Parquet of it.'
      : '';
    throw new StartError(
      `${path}: the name must end with .jsonl, .ndjson, .json, .csv or .tsv, or with one of these and .gz.${parquet}`,
    );
  }
  return { records: records === 'json' ? 'jsonl' : records, gzip: compression === 'gzip' };
}

/** @throws StartError when the output cannot hold what the input may hold */
export function checkConversion(
  input: Pick<StoredFormat, 'records'>,
  output: Pick<OutputFormat, 'records'>,
): void {
  const isJson = input.records === 'jsonl' || input.records === 'json' || input.records === 'parquet';
  if (isJson && output.records !== 'jsonl') {
    const what = input.records === 'parquet' ? 'Parquet' : 'JSON';
    throw new StartError(
      `${what} cannot be written as ${output.records.toUpperCase()}: the keys of its objects may differ. Let OUT end with .jsonl.`,
    );
  }
}

/** @throws StartError when Parquet is read from a pipe, or something is said about it that it says itself */
function checkParquet(path: string, { records, compression, encoding }: InputFormat): void {
  if (records !== 'parquet') return;
  if (path === STANDARD_STREAM) {
    throw new StartError('Parquet cannot be read from a pipe, because its index is at its end: name a file.');
  }
  if (compression !== null) {
    throw new StartError(`${path}: Parquet is compressed inside; decompress the file around it first.`);
  }
  if (encoding !== null)
    throw new StartError('--encoding is for text: Parquet says how its texts are stored.');
}

/** @throws StartError when an option for tables is given for a file that is none */
function checkTableOptions({ records, quotes, delimiter }: InputFormat): void {
  if (quotes && records !== 'csv' && records !== 'tsv') {
    throw new StartError('--quotes is for TSV: other files have no quotes, or quotes of their own.');
  }
  if (delimiter !== null && records !== 'csv') {
    throw new StartError(
      '--delimiter is for CSV: the fields of TSV are separated by tabs, other files have none.',
    );
  }
}

/**
 * How a table is written. TSV has no quotes unless the user says so: its fields hold neither tabs nor line ends, so most
 * programs that write it quote nothing, and a quote at the beginning of a field is part of the text.
 * @param quotes whether TSV has quotes too
 * @param delimiter of CSV; null: a comma
 */
export const dialectOf = (
  records: 'csv' | 'tsv',
  quotes: boolean,
  delimiter: string | null = null,
): TableDialect =>
  records === 'csv' ? { delimiter: delimiter ?? ',', quotes: true } : { delimiter: '\t', quotes };

/** The same; null where the records are not rows of a table. */
export const tableDialect = (
  records: RecordFormat,
  { quotes, delimiter }: Pick<InputFormat, 'quotes' | 'delimiter'>,
): TableDialect | null =>
  records === 'csv' || records === 'tsv' ? dialectOf(records, quotes, delimiter) : null;
