import { readFileSync } from 'node:fs';
import { InputError } from '../base/input-error.js';

export interface LabelledSentence {
  readonly text: string;
  /** Index of the label. */
  readonly label: number;
}

/**
 * Reads a TSV file with a header of two columns, one of them `label` (0 or 1), the other one the text.
 * @throws InputError with the line that cannot be used
 */
export function readLabelledSentences(path: string): LabelledSentence[] {
  const [header = '', ...lines] = readLines(path);
  const columns = header.split('\t');
  const at = columns.indexOf('label');
  if (columns.length !== 2 || at < 0) {
    throw new InputError(
      `${path} must begin with a header of two columns, one of them label, with a tab between`,
    );
  }
  const sentences = lines.map((line, i) => {
    const cells = line.split('\t');
    const [label, text] = [cells[at], cells[1 - at]];
    if (cells.length !== 2 || (label !== '0' && label !== '1') || !text) {
      throw new InputError(`${path}, line ${i + 2}: a text and a label that is 0 or 1 are wanted`);
    }
    return { text, label: Number(label) };
  });
  if (sentences.length === 0) throw new InputError(`${path} holds no sentences`);
  return sentences;
}

function readLines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}
