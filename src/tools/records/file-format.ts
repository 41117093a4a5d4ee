import { StartError } from '../../base/errors/start-error.js';
import type { TableDialect } from './table-fields.js';

export type RecordFormat = 'jsonl' | 'csv' | 'tsv';

/** How a file is written. */
export interface FileFormat {
  readonly records: RecordFormat;
  readonly gzip: boolean;
}

const BY_EXTENSION: Readonly<Record<string, RecordFormat>> = {
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'jsonl',
  csv: 'csv',
  tsv: 'tsv',
};

/** Stands for stdin or stdout. */
export const STANDARD_STREAM = '-';

/** Whether a file's name announces that it is compressed. */
export const isGzip = (path: string): boolean => /\.gz$/i.test(path);

/**
 * The format that a file's name announces; `-` is JSON lines.
 * @throws StartError when the extension is not known
 */
export function formatOf(path: string): FileFormat {
  if (path === STANDARD_STREAM) return { records: 'jsonl', gzip: false };
  const [, extension = '', gz] = /\.([A-Za-z]+?)(\.gz)?$/i.exec(path) ?? [];
  const name = extension.toLowerCase();
  const records = Object.hasOwn(BY_EXTENSION, name) ? BY_EXTENSION[name] : undefined;
  if (records === undefined) {
    throw new StartError(
      `${path}: the name must end with .jsonl, .ndjson, .json, .csv or .tsv, or with one of these and .gz.`,
    );
  }
  return { records, gzip: gz !== undefined };
}

/** @throws StartError when the output cannot hold what the input may hold */
export function checkConversion(input: FileFormat, output: FileFormat): void {
  if (input.records === 'jsonl' && output.records !== 'jsonl') {
    throw new StartError(
      `JSON lines cannot be written as ${output.records.toUpperCase()}: their keys may differ from line to line. Let OUT end with .jsonl.`,
    );
  }
}

/**
 * How a table is written. TSV has no quotes unless the user says so: its fields hold neither tabs nor line ends, so most
 * programs that write it quote nothing, and a quote at the beginning of a field is part of the text.
 * @param quotes whether TSV has quotes too
 */
export const dialectOf = (records: 'csv' | 'tsv', quotes: boolean): TableDialect =>
  records === 'csv' ? { delimiter: ',', quotes: true } : { delimiter: '\t', quotes };
