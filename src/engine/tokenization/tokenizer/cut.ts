/**
 * Whether a text may be cut before this character, so that both parts, tokenized separately, give the tokens of the
 * whole text. This holds for BertNormalizer with BertPreTokenizer, before ASCII white space, ASCII punctuation and
 * Chinese ideographs: these are white space or single words in any context, and no combining mark moves across them.
 */
function isCut(code: number, chinese: boolean): boolean {
  if (code < 0x80) {
    return (
      code === 0x20 ||
      code === 0x09 ||
      code === 0x0a ||
      code === 0x0d ||
      (code >= 0x21 && code <= 0x2f) ||
      (code >= 0x3a && code <= 0x40) ||
      (code >= 0x5b && code <= 0x60) ||
      (code >= 0x7b && code <= 0x7e)
    );
  }
  // U+3400 to U+4DBF, U+4E00 to U+9FFF, and the first halves of U+20000 to U+2A3FF.
  return (
    chinese &&
    ((code >= 0x4e00 && code <= 0x9fff) ||
      (code >= 0x3400 && code <= 0x4dbf) ||
      (code >= 0xd840 && code <= 0xd868))
  );
}

/** End of the part that begins at `start` and has at least `length` UTF-16 units, up to the next possible cut. */
export function cutAfter(text: string, start: number, length: number, chinese: boolean): number {
  let end = start + length;
  while (end < text.length && !isCut(text.charCodeAt(end), chinese)) end++;
  return Math.min(end, text.length);
}

/** Start of the part that ends at `end` and has at least `length` UTF-16 units, down to the next possible cut. */
export function cutBefore(text: string, end: number, length: number, chinese: boolean): number {
  let start = end - length;
  while (start > 0 && !isCut(text.charCodeAt(start), chinese)) start--;
  return Math.max(start, 0);
}
