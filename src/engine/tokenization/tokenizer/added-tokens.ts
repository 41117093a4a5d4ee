/** An entry of added_tokens in tokenizer.json; the flags have the same meaning as in the Rust crate. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  /** Includes the white space before the token; `rstrip` the white space after it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** True when the token's normalized form is searched in the normalized text. */
  readonly normalized: boolean;
}

/** A part of the text to tokenize, or the id of an added token that was found there. */
export interface Piece {
  readonly value: string | number;
  /** Start and end (exclusive) of the piece, in UTF-16 units of the text that was split. */
  readonly start: number;
  readonly end: number;
}

const WHITE_SPACE = /\p{White_Space}/u;
const WORD_CHAR = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Finds added tokens in a text, leftmost and longest first, like the Rust crate's AddedVocabulary. */
export class AddedTokenSplitter {
  private readonly pattern: RegExp | null;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  /** @param tokens by the string to search for. */
  constructor(tokens: ReadonlyMap<string, AddedToken>) {
    this.tokens = tokens;
    const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
    this.pattern = longestFirst.length === 0 ? null : new RegExp(longestFirst.map(escape).join('|'), 'gu');
  }

  /** Yields the pieces of the text in order, one at a time as the caller reads them; none for an empty text. */
  *split(text: string): Generator<Piece, void, undefined> {
    const { pattern } = this;
    let from = 0;
    let searched = 0;
    while (pattern !== null) {
      // matchAll would create a new RegExp for each text.
      pattern.lastIndex = searched;
      const match = pattern.exec(text);
      if (match === null) break;
      searched = pattern.lastIndex;
      const token = this.tokens.get(match[0]);
      let start = match.index;
      let end = start + match[0].length;
      if (token === undefined || (token.single_word && !standsAlone(text, start, end))) continue;
      if (token.lstrip) while (start > from && WHITE_SPACE.test(text.charAt(start - 1))) start--;
      if (token.rstrip) while (end < text.length && WHITE_SPACE.test(text.charAt(end))) end++;
      if (from < start) yield { value: text.slice(from, start), start: from, end: start };
      yield { value: token.id, start, end };
      from = end;
    }
    if (from < text.length) {
      yield { value: from === 0 ? text : text.slice(from), start: from, end: text.length };
    }
  }
}

function standsAlone(text: string, start: number, end: number): boolean {
  const before = /.$/su.exec(text.slice(Math.max(0, start - 2), start))?.[0] ?? '';
  const after = String.fromCodePoint(text.codePointAt(end) ?? 0x20);
  return !WORD_CHAR.test(before) && !WORD_CHAR.test(after);
}

function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
