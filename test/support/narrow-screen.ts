import { stripVTControlCharacters } from 'node:util';
import { expect } from 'vitest';
import { screenOf } from '../../src/base/terminal/screen.js';
import { textWidth } from '../../src/base/terminal/wrap.js';

/** A terminal of 80 columns with colours. */
export const NARROW = screenOf({ isTTY: true, columns: 80 }, { TERM: 'xterm-256color' });

/** Names that are as long as those of real registries. */
export const LONG_MODEL = 'customer-sentiment-multilingual';
export const LONG_VERSION = '2026-09-14-int8-calibrated';

/**
 * Expects that no line of the text is wider than 80 columns, but for a single word (a path, a digest), and that it says
 * something. Returns it without colours.
 */
export function expectFits(text: string): string {
  const plain = stripVTControlCharacters(text);
  const wide = plain.split('\n').filter((line) => textWidth(line) > 80 && line.trim().includes(' '));
  expect(wide).toEqual([]);
  expect(plain).toMatch(/\S/);
  expect(plain).not.toMatch(/\u00a0| $/m);
  return plain;
}
