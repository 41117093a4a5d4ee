import { createHash } from 'node:crypto';
import { count, counted } from '../../base/format.js';
import { StartError } from '../../base/errors/start-error.js';
import { ForeignLabels, labelIndex } from './label-values.js';
import { readRows, type DataOptions } from './labelled-rows.js';
import { linesIn, type Block } from '../records/blocks.js';
import { linesInWords } from '../records/records.js';
import { evenSample } from '../../base/statistics/even-sample.js';

/** A text with its label. */
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
 * @throws StartError with a sentence when it cannot be read, a line is no labelled text, a label is none of the
 *   model's, or it holds fewer than two labels
 */
export async function readLabelledData(
  options: DataOptions,
  labels: readonly string[],
): Promise<LabelledData> {
  const { path, limit } = options;
  const hash = createHash('sha256');
  const bad: string[] = [];
  const foreign = new ForeignLabels();
  const all: LabelledText[] = [];
  let [unreadable, lines, continuedLines] = [0, 0, 0];
  const seen = (block: Block): void => {
    hash.update(block.bytes);
    lines += linesIn(block);
  };
  for await (const row of readRows(options, seen)) {
    continuedLines += row.lastLine - row.line;
    if ('problem' in row) {
      unreadable++;
      if (bad.length < MOST_LISTED) bad.push(`${linesInWords(row)}: ${row.problem}`);
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
    const listed = bad.join('; ');
    const more = unreadable > bad.length ? `; and ${unreadable - bad.length} more` : '';
    refuse(`${unreadable} of its lines have no labelled text; mend or remove them (${listed}${more})`);
  }
  if (foreign.any) refuse(foreign.describe(labels));
  if (all.length === 0) refuse('it is empty; it must have a text and a label in each line');
  const items = limit === null ? all : evenSample(all, limit);
  const [first] = items;
  if (first !== undefined && items.every(({ label }) => label === first.label)) {
    const name = JSON.stringify(labels[first.label]);
    refuse(
      `all ${items.length} texts have the label ${name}; accuracy means something only with two or more`,
    );
  }
  const file = { path, sha256: hash.digest('hex'), lines, continuedLines };
  return { ...file, items, rows: all.length, ...countDuplicates(items) };
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
