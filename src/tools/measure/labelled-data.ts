import { createHash } from 'node:crypto';
import { StartError } from '../../base/errors/start-error.js';
import { ForeignLabels, labelIndex } from './label-values.js';
import { readRows, type DataOptions } from './labelled-rows.js';
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
  /** Labelled texts in the file, of which `items` are all, or an even selection. */
  readonly rows: number;
  /** Items whose text came before. */
  readonly duplicates: number;
  /** Of these, with another label than before. */
  readonly contradictions: number;
}

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
  const items = limit === null ? all : evenSample(all, limit);
  const [first] = items;
  if (first !== undefined && items.every(({ label }) => label === first.label)) {
    const name = JSON.stringify(labels[first.label]);
    refuse(
      `all ${items.length} texts have the label ${name}; accuracy means something only with two or more`,
    );
  }
  return { path, sha256: hash.digest('hex'), items, rows: all.length, ...countDuplicates(items) };
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
