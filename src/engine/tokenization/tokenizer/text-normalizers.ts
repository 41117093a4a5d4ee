import { CodePointSet } from './code-points.js';
import { COMBINING_MARKS } from './rust-forms.js';
import { WHITE_SPACE } from './rust-unicode.js';

const whiteSpace = new CodePointSet(WHITE_SPACE);
const combiningMarks = new CodePointSet(COMBINING_MARKS);

/** The crate's StripAccents: removes combining marks of all kinds, also those that carry vowels of Indic scripts. */
export function stripAccents(text: string): string {
  if (/^[\0-\u02ff]*$/.test(text)) return text;
  let out = '';
  let keptFrom = 0;
  for (let i = 0; i < text.length; i++) {
    const start = i;
    const codePoint = text.codePointAt(i) ?? 0;
    if (codePoint > 0xffff) i++;
    if (!combiningMarks.has(codePoint)) continue;
    out += text.slice(keptFrom, start);
    keptFrom = i + 1;
  }
  return out + text.slice(keptFrom);
}

/** The crate's Strip: removes white space from the ends. */
export function strip(text: string, left: boolean, right: boolean): string {
  let start = 0;
  let end = text.length;
  if (left) while (start < end && whiteSpace.has(text.charCodeAt(start))) start++;
  if (right) while (start < end && whiteSpace.has(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

/* eslint-disable no-control-regex */
const NMT_REMOVED = /[\x01-\x08\x0b\x0e-\x1f\x7f\x8f\x9f]/g;
const NMT_SPACES = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/g;
/* eslint-enable no-control-regex */

/** The crate's Nmt: removes control characters, and makes a space of what is shown as one. */
export function nmt(text: string): string {
  return text.replace(NMT_REMOVED, '').replace(NMT_SPACES, ' ');
}
