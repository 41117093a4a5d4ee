/**
 * Where a text may be cut so that both sides, tokenized apart, give the tokens of the whole. It holds for
 * BertNormalizer with BertPreTokenizer: before a character that is white space or a word of its own whatever stands
 * around it, and that no combining mark moves across: ASCII white space, ASCII punctuation, Chinese ideographs.
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

/** End of the stretch of at least `length` UTF-16 units that begins at `start`. */
export function cutAfter(text: string, start: number, length: number, chinese: boolean): number {
  let end = start + length;
  while (end < text.length && !isCut(text.charCodeAt(end), chinese)) end++;
  return Math.min(end, text.length);
}

/** Start of the stretch of at least `length` UTF-16 units that ends at `end`. */
export function cutBefore(text: string, end: number, length: number, chinese: boolean): number {
  let start = end - length;
  while (start > 0 && !isCut(text.charCodeAt(start), chinese)) start--;
  return Math.max(start, 0);
}
