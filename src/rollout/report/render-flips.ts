import { count } from '../../base/format.js';
import type { FlipView } from '../evidence/figures-view.js';

/** Renders a table of cells, as text or as Markdown. */
export type RenderTable = (heading: readonly string[], rows: readonly (readonly string[])[]) => string;

/** UTF-16 units of a long text that a row shows. */
const SHOWN_UNITS = 100;

/**
 * Puts a text on one line, and replaces control characters that could send commands to a terminal or change the writing
 * direction.
 */
const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');

const shown = (text: string): string =>
  text.length <= SHOWN_UNITS ? printable(text) : `${printable(text.slice(0, SHOWN_UNITS))}…`;

/**
 * A table of texts on which the versions disagreed, with each version's label and score.
 * @param names of the two versions
 */
export function renderFlips(
  flips: readonly FlipView[],
  names: { readonly stable: string; readonly canary: string },
  table: RenderTable,
): string {
  const hasTexts = flips.some(({ text }) => text !== null);
  const score = (label: string, value: number): string => `${label} ${value.toFixed(4)}`;
  return table(
    ['hash', 'length', names.stable, names.canary, ...(hasTexts ? ['text'] : [])],
    flips.map((flip) => [
      flip.hash,
      count(flip.length),
      score(flip.stable_label, flip.stable_score),
      score(flip.canary_label, flip.canary_score),
      ...(hasTexts ? [shown(flip.text ?? '')] : []),
    ]),
  );
}
