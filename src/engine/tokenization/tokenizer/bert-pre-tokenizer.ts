import { CodePointSet } from './code-points.js';
import { PUNCTUATION, WHITE_SPACE } from './rust-unicode.js';

const whiteSpace = new CodePointSet(WHITE_SPACE);
const punctuation = new CodePointSet(PUNCTUATION);

/**
 * BertPreTokenizer with the behaviour of the Rust crate: splits at white space, and makes each punctuation character a
 * word.
 */
export class BertPreTokenizer {
  split(text: string): string[] {
    const words: string[] = [];
    this.eachWord(text, (start, end) => {
      words.push(text.slice(start, end));
      return true;
    });
    return words;
  }

  /** Calls `visit` with the start and end of each word, in order, until it returns false. */
  eachWord(text: string, visit: (start: number, end: number) => boolean): void {
    let wordStart = 0;
    for (let i = 0; i < text.length; i++) {
      const start = i;
      let codePoint = text.charCodeAt(i);
      // Letters and digits of ASCII, by far the most frequent, need no table.
      if ((codePoint >= 0x61 && codePoint <= 0x7a) || (codePoint >= 0x30 && codePoint <= 0x39)) continue;
      if (codePoint >= 0xd800 && codePoint < 0xdc00) {
        codePoint = text.codePointAt(i) ?? codePoint;
        if (codePoint > 0xffff) i++;
      }
      const isPunctuation = punctuation.has(codePoint);
      if (!isPunctuation && !whiteSpace.has(codePoint)) continue;
      if (wordStart < start && !visit(wordStart, start)) return;
      if (isPunctuation && !visit(start, i + 1)) return;
      wordStart = i + 1;
    }
    if (wordStart < text.length) visit(wordStart, text.length);
  }
}
