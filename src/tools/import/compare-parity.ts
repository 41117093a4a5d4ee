import type { Answer } from '../../engine/tasks/task.js';
import { topLabel } from '../../engine/tasks/classified.js';
import { isSameSaid } from '../../engine/tasks/table.js';
import type { ModelVersion } from '../../registry/model-version.js';
import type { ParityItem } from '../../engine/tokenization/parity.js';
import type { Encoding } from '../../engine/tokenization/text-tokenizer.js';
import { StartError } from '../../base/errors/start-error.js';
import type { PythonParity } from './python-parity.js';

/** A text as this version answers it here. */
export interface AnsweredText {
  readonly encoding: Encoding;
  readonly row: Answer;
}

export interface ComparedParity {
  readonly items: readonly ParityItem[];
  readonly maxScoreDifference: number;
  readonly labelFlips: number;
}

/** Number of differences that a message shows; three are enough to recognise their kind. */
const SHOWN = 3;
const SHOWN_CHARS = 60;

/**
 * Compares the results of Python for its texts with the results of this version on this machine.
 * @param answered one per item
 * @returns the items as they go into parity.json
 * @throws StartError that shows the first texts with other ids or scores: they are the caller's own
 */
export function compareWithPython(
  { items, tolerance }: PythonParity,
  answered: readonly AnsweredText[],
  version: ModelVersion,
): ComparedParity {
  const problems: string[] = [];
  let [difference, flips] = [0, 0];
  const kept = items.map((item, i): ParityItem => {
    const { ids = [], truncated = false } = answered[i]?.encoding ?? {};
    const scores = answered[i]?.row.value.scores ?? [];
    const change = Math.max(...item.scores.map((score, k) => Math.abs(score - (scores[k] ?? Infinity))));
    const shown = JSON.stringify(item.text.slice(0, SHOWN_CHARS));
    if (ids.length !== item.ids.length || ids.some((id, k) => id !== item.ids[k])) {
      problems.push(`${shown}: ${describeIds(item.ids, ids)}`);
    } else if (!(change <= tolerance)) {
      problems.push(`${shown}: the scores are ${rounded(item.scores)} in Python, ${rounded(scores)} here`);
    }
    difference = Math.max(difference, change);
    if (!isSameSaid(version, { scores }, item)) flips++;
    return {
      text: item.text,
      group: item.group,
      ids: item.ids,
      truncated,
      label: version.manifest.labels[topLabel(item)] ?? '',
      scores: item.scores,
    };
  });
  if (problems.length > 0) {
    const shown = problems.slice(0, SHOWN).map((problem) => `  ${problem}`);
    throw new StartError(
      [
        `${problems.length} of ${items.length} texts come out otherwise than in Python (tolerance of scores ${tolerance}), the first:`,
        ...shown,
        'Make both with the same checkpoint, the same tokenizer and the same longest length (max_length and --max-tokens).',
      ].join('\n'),
    );
  }
  return { items: kept, maxScoreDifference: difference, labelFlips: flips };
}

const rounded = (scores: readonly number[]): string => scores.map((score) => score.toFixed(4)).join(', ');

function describeIds(expected: readonly number[], found: readonly number[]): string {
  const at = expected.findIndex((id, k) => id !== found[k]);
  if (at < 0 || found[at] === undefined) {
    return `Python has ${expected.length} ids, here are ${found.length}`;
  }
  return `id ${at} is ${String(expected[at])} in Python, ${String(found[at])} here (of ${expected.length} and ${found.length})`;
}
