import { count } from '../../base/format.js';
import type { FlipView } from '../evidence/figures-view.js';

/** A table of cells: as text, or as Markdown. */
export type RenderTable = (heading: readonly string[], rows: readonly (readonly string[])[]) => string;

/** Of a long text, what a row has room for. */
const SHOWN_UNITS = 100;

/** On one line, and without what a terminal would take for a command or for another direction of writing. */
const printable = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');

const shown = (text: string): string =>
  text.length <= SHOWN_UNITS ? printable(text) : `${printable(text.slice(0, SHOWN_UNITS))}…`;

/**
 * Texts on which the versions disagreed, what each of them said and how sure it was.
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
