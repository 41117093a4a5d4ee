import { codePointTable, eachCodePoint } from './code-points.js';
import { GRAPHEME_CONTROLS, GRAPHEME_JOINERS, GRAPHEME_PREPENDS, PICTOGRAPHS } from './rust-forms.js';

const JOINER = 1;
const ZERO_WIDTH_JOINER = 2;
const PREPEND = 3;
const CONTROL = 4;
const LEADING = 5;
const VOWEL = 6;
const TRAILING = 7;
const LEADING_VOWEL = 8;
const LEADING_VOWEL_TRAILING = 9;
const REGIONAL = 10;
const PICTOGRAPH = 11;

const kinds = codePointTable();
const mark = (codePoints: string, kind: number): void => {
  eachCodePoint(codePoints, (codePoint) => (kinds[codePoint] = kind));
};
mark(GRAPHEME_CONTROLS, CONTROL);
mark(PICTOGRAPHS, PICTOGRAPH);
mark(GRAPHEME_PREPENDS, PREPEND);
mark(GRAPHEME_JOINERS, JOINER);
mark('200d', ZERO_WIDTH_JOINER);
mark('1f1e6-1f1ff', REGIONAL);
// Hangul, unchanged since Unicode 5.2.
mark('1100-115f a960-a97c', LEADING);
mark('1160-11a7 d7b0-d7c6', VOWEL);
mark('11a8-11ff d7cb-d7fb', TRAILING);
mark('ac00-d7a3', LEADING_VOWEL_TRAILING);
for (let syllable = 0xac00; syllable <= 0xd7a3; syllable += 28) kinds[syllable] = LEADING_VOWEL;

const CR = 0x0d;
const LF = 0x0a;

/**
 * End of the extended grapheme cluster that begins at `start` (Unicode's UAX 29, with the tables of the Rust crate).
 *
 * The rule that joins Indic consonants across a virama (GB9c) is left out: the crate's tables for it change with every
 * release, and it matters to Precompiled only where such a consonant has a rule of its own and carries a mark of two
 * bytes, which are marks of other scripts. Each other part of such a cluster is read character by character anyway.
 */
export function clusterEnd(text: string, start: number): number {
  let codePoint = text.codePointAt(start) ?? 0;
  let at = start + (codePoint > 0xffff ? 2 : 1);
  if (codePoint === CR) return text.charCodeAt(at) === LF ? at + 1 : at;
  let kind = kinds[codePoint] ?? 0;
  if (kind === CONTROL) return at;
  let afterPictograph = kind === PICTOGRAPH;
  let isOddRegional = kind === REGIONAL;
  while (at < text.length) {
    codePoint = text.codePointAt(at) ?? 0;
    const next = kinds[codePoint] ?? 0;
    if (!isJoined(kind, next, afterPictograph, isOddRegional)) break;
    if (next !== JOINER && next !== ZERO_WIDTH_JOINER) afterPictograph = next === PICTOGRAPH;
    isOddRegional = next === REGIONAL && !isOddRegional;
    kind = next;
    at += codePoint > 0xffff ? 2 : 1;
  }
  return at;
}

function isJoined(kind: number, next: number, afterPictograph: boolean, isOddRegional: boolean): boolean {
  if (next === CONTROL) return false;
  if (next === JOINER || next === ZERO_WIDTH_JOINER || kind === PREPEND) return true;
  switch (kind) {
    case LEADING:
      return next === LEADING || next === VOWEL || next === LEADING_VOWEL || next === LEADING_VOWEL_TRAILING;
    case VOWEL:
    case LEADING_VOWEL:
      return next === VOWEL || next === TRAILING;
    case TRAILING:
    case LEADING_VOWEL_TRAILING:
      return next === TRAILING;
    case ZERO_WIDTH_JOINER:
      return afterPictograph && next === PICTOGRAPH;
    case REGIONAL:
      return isOddRegional && next === REGIONAL;
    default:
      return false;
  }
}
