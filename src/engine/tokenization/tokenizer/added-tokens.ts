/** An entry of added_tokens in tokenizer.json; the flags mean what they mean in the Rust crate. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  /** Takes the white space before it (after it: rstrip) along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalized text, in its own normalized form. */
  readonly normalized: boolean;
}

/** A stretch of text to tokenize, or the id of an added token that stood there. */
export interface Piece {
  readonly value: string | number;
  /** UTF-16 units of the text that was split: where the piece begins, and where it ends (exclusive). */
  readonly start: number;
  readonly end: number;
}

const WHITE_SPACE = /\p{White_Space}/u;
const WORD_CHAR = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u;

/** Finds added tokens in a text: leftmost, longest, as the Rust crate's AddedVocabulary. */
export class AddedTokenSplitter {
  private readonly pattern: RegExp | null;
  private readonly tokens: ReadonlyMap<string, AddedToken>;

  /** @param tokens keyed by the string to look for. */
  constructor(tokens: ReadonlyMap<string, AddedToken>) {
    this.tokens = tokens;
    const longestFirst = [...tokens.keys()].sort((a, b) => b.length - a.length);
    this.pattern = longestFirst.length === 0 ? null : new RegExp(longestFirst.map(escape).join('|'), 'gu');
  }

  /** The text in order, as far as the caller reads on; nothing for an empty text. */
  *split(text: string): Generator<Piece, void, undefined> {
    const { pattern } = this;
    let from = 0;
    let searched = 0;
    while (pattern !== null) {
      // matchAll would make a RegExp of its own for each text.
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
