import { stripVTControlCharacters } from 'node:util';
import type { Screen } from './screen.js';

/** Takes two columns each: East Asian scripts and their full-width forms, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/gu;
/** Takes none: marks upon other characters, and characters that only steer. */
const NARROW = /[\p{Mn}\p{Me}\p{Cf}]/gu;

/** Columns of a terminal that the text takes; colours take none. */
export function textWidth(text: string): number {
  const shown = stripVTControlCharacters(text);
  // Nearly every text is of this kind.
  if (/^[\x20-\x7e]*$/.test(shown)) return shown.length;
  const characters = shown.replaceAll(NARROW, '').match(/./gsu) ?? [];
  return characters.length + (shown.match(WIDE)?.length ?? 0);
}

/** Pads to so many columns; a text that is wider stays as it is. */
export function padText(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const padding = ' '.repeat(Math.max(0, columns - textWidth(text)));
  return side === 'right' ? text + padding : padding + text;
}

const HELD_SPACE = '\u00a0';
/** The space of `12.3 ms` and `71.9 %`. */
const UNIT_SPACE = /(?<=\d) (?=(?:%|[kMG]?B|[mµ]?s|min|h)(?![\p{L}\d]))/gu;

/** Keeps the text on one line, wherever it is wrapped. */
export const unbroken = (text: string): string => text.replaceAll(' ', HELD_SPACE);

/** The words of a text between which a line may end: not between a figure and its unit. */
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(UNIT_SPACE, HELD_SPACE)
    .split(' ')
    .filter((word) => word !== '');

/** Columns of the widest word, which no wrapping makes narrower. */
export const widestWord = (text: string): number => Math.max(0, ...wordsOf(text).map(textWidth));

/**
 * A text as lines of at most so many columns. A single word that is wider (a path, a digest) keeps its line: a terminal
 * breaks it so that it can be copied as a whole. The spaces before the first word stay, later lines begin with `hang` more.
 */
export function wrapLine(text: string, columns: number, hang = 0): string[] {
  if (textWidth(text) <= columns) return [text.replaceAll(HELD_SPACE, ' ')];
  const indent = ' '.repeat(text.length - text.trimStart().length);
  const lines: string[] = [];
  let line = indent;
  let isEmpty = true;
  for (const word of wordsOf(text)) {
    const longer = isEmpty ? line + word : `${line} ${word}`;
    if (isEmpty || textWidth(longer) <= columns) line = longer;
    else {
      lines.push(line);
      line = indent + ' '.repeat(hang) + word;
    }
    isEmpty = false;
  }
  return [...lines, line].map((one) => one.replaceAll(HELD_SPACE, ' '));
}

/** Each line of the text, wrapped where the screen is narrower. */
export const wrapText = (text: string, { columns }: Pick<Screen, 'columns'>, hang = 0): string =>
  columns === Infinity
    ? text.replaceAll(HELD_SPACE, ' ')
    : text
        .split('\n')
        .flatMap((line) => wrapLine(line, columns, hang))
        .join('\n');

/** A command, wrapped so that what is copied from the screen still runs. The spaces before it stay. */
export function wrapCommand(command: string, { columns }: Pick<Screen, 'columns'>): string[] {
  const lines = wrapLine(command, columns - 2, 4);
  return lines.map((line, i) => (i === lines.length - 1 ? line : `${line} \\`));
}
