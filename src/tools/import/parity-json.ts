import { rounded } from '../../base/format.js';
import { indexOfBest } from '../../engine/text-answer.js';
import type { ParityFile, ParityItem } from '../../engine/tokenization/parity.js';
import type { AnsweredText } from './compare-parity.js';
import type { GoldenText } from './golden-texts.js';

/** As parity.json of the shipped versions has them. */
const stored = (score: number): number => rounded(score, 6);

/** A golden text as the version answers it. */
export function ownItem(
  { text, group }: GoldenText,
  answer: AnsweredText | undefined,
  labels: readonly string[],
): ParityItem {
  const { ids = [], truncated = false } = answer?.encoding ?? {};
  const scores = answer?.row.scores ?? [];
  return {
    text,
    group,
    ids,
    truncated,
    label: labels[indexOfBest(scores)] ?? '',
    scores: scores.map(stored),
  };
}

/** parity.json, with one item per line. */
export function renderParity({ schema_version, tolerance, items }: ParityFile, reference: string): string {
  const head = JSON.stringify({ schema_version, reference, tolerance }).slice(0, -1);
  return `${head},"items":[\n${items.map((item) => JSON.stringify(item)).join(',\n')}\n]}\n`;
}
