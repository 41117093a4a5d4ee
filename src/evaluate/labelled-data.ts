import { createHash } from 'node:crypto';
import { StartError } from '../errors/start-error.js';
import { LineEnds, splitBlocks, type Block } from '../files/blocks.js';
import { CsvEnds } from '../files/csv-ends.js';
import { csvReader, readCsvHeader } from '../files/csv-records.js';
import { DELIMITER, formatOf } from '../files/file-format.js';
import { InputSource } from '../files/input-source.js';
import { linesOf, parseObjectLine } from '../files/json-lines.js';
import { NOT_UTF8 } from '../files/records.js';
import { textError } from '../predict/text.js';
import { ForeignLabels, labelIndex, type LabelValue } from './label-values.js';

/** A text with what it is. */
export interface LabelledText {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly text: string;
  /** Index in the model's labels. */
  readonly label: number;
}

/** A data set that fits the model. */
export interface LabelledData {
  readonly path: string;
  /** Of the uncompressed content, hex. */
  readonly sha256: string;
  readonly items: readonly LabelledText[];
  /** Labelled texts in the file, of which `items` are all, or an even selection. */
  readonly rows: number;
  /** Items whose text came before. */
  readonly duplicates: number;
  /** Of these, with another label than before. */
  readonly contradictions: number;
}

export interface DataOptions {
  /** JSONL, CSV or TSV by its extension, also `.gz`; `-` is stdin, as JSONL. */
  readonly path: string;
  readonly textField: string;
  readonly labelField: string;
  /** Most texts to take; null: all. */
  readonly limit: number | null;
}

type Row =
  | { readonly line: number; readonly problem: string }
  | { readonly line: number; readonly text: string; readonly label: LabelValue };

const MOST_LISTED = 5;

/**
 * Reads a labelled file whole: no line of it is left out silently.
 * @param labels the model's
 * @throws StartError with a sentence when it cannot be read, a line is no labelled text, a label is none of the
 *   model's, or it holds fewer than two labels
 */
export async function readLabelledData(
  options: DataOptions,
  labels: readonly string[],
): Promise<LabelledData> {
  const { path, limit } = options;
  const hash = createHash('sha256');
  const bad: { line: number; problem: string }[] = [];
  const foreign = new ForeignLabels();
  const all: LabelledText[] = [];
  let unreadable = 0;
  for await (const row of readRows(options, (chunk) => hash.update(chunk))) {
    if ('problem' in row) {
      unreadable++;
      if (bad.length < MOST_LISTED) bad.push(row);
      continue;
    }
    const label = labelIndex(row.label, labels);
    if (label === null) foreign.add(row.label, row.line);
    else all.push({ line: row.line, text: row.text, label });
  }
  const refuse = (why: string): never => {
    throw new StartError(`${path} cannot be used to evaluate: ${why}.`);
  };
  if (unreadable > 0) {
    const listed = bad.map(({ line, problem }) => `line ${line}: ${problem}`).join('; ');
    const more = unreadable > bad.length ? `; and ${unreadable - bad.length} more` : '';
    refuse(`${unreadable} of its lines have no labelled text; mend or remove them (${listed}${more})`);
  }
  if (foreign.any) refuse(foreign.describe(labels));
  if (all.length === 0) refuse('it is empty; it must have a text and a label in each line');
  const items = limit === null ? all : spread(all, limit);
  const [first] = items;
  if (first !== undefined && items.every(({ label }) => label === first.label)) {
    const name = JSON.stringify(labels[first.label]);
    refuse(
      `all ${items.length} texts have the label ${name}; accuracy means something only with two or more`,
    );
  }
  return { path, sha256: hash.digest('hex'), items, rows: all.length, ...countDuplicates(items) };
}

/** At most `limit` items, evenly over the whole: the first ones alone may be of one kind. */
export function spread<T>(items: readonly T[], limit: number): T[] {
  if (items.length <= limit) return [...items];
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)]).filter(
    (item) => item !== undefined,
  );
}

function countDuplicates(
  items: readonly LabelledText[],
): Pick<LabelledData, 'duplicates' | 'contradictions'> {
  const labels = new Map<string, number>();
  let [duplicates, contradictions] = [0, 0];
  for (const { text, label } of items) {
    const known = labels.get(text);
    if (known === undefined) labels.set(text, label);
    else {
      duplicates++;
      if (known !== label) contradictions++;
    }
  }
  return { duplicates, contradictions };
}

async function* readRows(options: DataOptions, onChunk: (chunk: Buffer) => void): AsyncGenerator<Row> {
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
