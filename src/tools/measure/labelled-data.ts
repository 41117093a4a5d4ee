import { createHash } from 'node:crypto';
import { count, counted } from '../../base/format.js';
import { StartError } from '../../base/errors/start-error.js';
import type { LabelForm } from './label-forms.js';
import { ForeignLabels } from './label-values.js';
import { readRows, type DataOptions } from './labelled-rows.js';
import { linesIn, type Block } from '../records/blocks.js';
import { linesInWords } from '../records/records.js';
import { evenSample } from '../../base/statistics/even-sample.js';

/** A text with its label, or with its labels. */
export interface LabelledText<Label = number> {
  /** Line of the file, from 1. */
  readonly line: number;
  readonly text: string;
  /** As the form of the data has it: with one label per text, its index in the model's labels. */
  readonly label: Label;
}

/** A data set that fits the model. */
export interface LabelledData<Label = number> {
  readonly path: string;
  /** Of the uncompressed content, hex. */
  readonly sha256: string;
  readonly items: readonly LabelledText<Label>[];
  /** Lines of the file, with its header and its blank ones. */
  readonly lines: number;
  /** Of these, lines that continue a row which began on an earlier line. */
  readonly continuedLines: number;
  /** Labelled texts in the file, of which `items` are all, or an even selection. */
  readonly rows: number;
  /** Items whose text came before. */
  readonly duplicates: number;
  /** Of these, with another label than before. */
  readonly contradictions: number;
}

const MOST_LISTED = 5;

/** How many lines a file has, so that a reader sees when its rows are fewer: `with 301 lines`. */
export function withLines(lines: number, continuedLines: number): string {
  const inside =
    continuedLines === 0 ? '' : ` (${count(continuedLines)} of them inside a record that began earlier)`;
  return `with ${counted(lines, 'line')}${inside}`;
}

/**
 * Reads a labelled file whole: no line of it is left out silently.
 * @param labels the model's
 * @param form how the labels are given
 * @throws StartError with a sentence when it cannot be read, a line is no labelled text, a label is none of the
 *   model's, or nothing can be measured by its labels
 */
export async function readLabelledData<Label>(
  options: DataOptions,
  labels: readonly string[],
  form: LabelForm<Label>,
): Promise<LabelledData<Label>> {
  const { path, limit, labelField } = options;
  const hash = createHash('sha256');
  const bad: string[] = [];
  const foreign = new ForeignLabels();
  const all: LabelledText<Label>[] = [];
  let [unreadable, lines, continuedLines] = [0, 0, 0];
  const seen = (block: Block): void => {
    hash.update(block.bytes);
    lines += linesIn(block);
  };
  for await (const row of readRows(options, form.places, seen)) {
    continuedLines += row.lastLine - row.line;
    const reading = 'problem' in row ? row : form.read(row.label, labelField);
    if ('problem' in reading) {
      unreadable++;
      if (bad.length < MOST_LISTED) bad.push(`${linesInWords(row)}: ${reading.problem}`);
    } else if ('foreign' in reading) {
      for (const value of reading.foreign) foreign.add(value, row.line);
    } else if ('text' in row) all.push({ line: row.line, text: row.text, label: reading.label });
  }
  const refuse = (why: string): never => {
    throw new StartError(`${path} cannot be used to evaluate: ${why}.`);
  };
  if (unreadable > 0) {
    const listed = bad.join('; ');
    const more = unreadable > bad.length ? `; and ${unreadable - bad.length} more` : '';
    refuse(`${unreadable} of its lines have no labelled text; mend or remove them (${listed}${more})`);
  }
  if (foreign.any) refuse(foreign.describe(labels));
  if (all.length === 0) refuse('it is empty; it must have a text and a label in each line');
  const items = limit === null ? all : evenSample(all, limit);
  const useless = form.uselessness(items.map(({ label }) => label));
  if (useless !== null) refuse(useless);
  const file = { path, sha256: hash.digest('hex'), lines, continuedLines };
  return { ...file, items, rows: all.length, ...countDuplicates(items, form) };
}

function countDuplicates<Label>(
  items: readonly LabelledText<Label>[],
  { contradict }: LabelForm<Label>,
): Pick<LabelledData, 'duplicates' | 'contradictions'> {
  const labels = new Map<string, Label>();
  let [duplicates, contradictions] = [0, 0];
  for (const { text, label } of items) {
    const known = labels.get(text);
    if (known === undefined) labels.set(text, label);
    else {
      duplicates++;
      if (contradict(known, label)) contradictions++;
    }
  }
  return { duplicates, contradictions };
}
