import { NOWHERE, PieceTrie, ROOT } from './piece-trie.js';

/** The model's entry of tokenizer.json. */
export interface WordPieceConfig {
  readonly vocab: Readonly<Record<string, number>>;
  readonly unk_token: string;
  readonly continuing_subword_prefix: string;
  readonly max_input_chars_per_word: number;
}

/**
 * WordPiece: takes the longest piece of the vocabulary first. A word that pieces cannot cover, or that has more
 * characters (code points) than allowed, becomes the unknown token.
 */
export class WordPiece {
  private readonly trie: PieceTrie;
  /** The node after the prefix of pieces that continue a word. */
  private readonly continuing: number;
  private readonly unknownId: number;
  private readonly maxCharsPerWord: number;

  /** @throws Error when the unknown token is not in the vocabulary. */
  constructor(config: WordPieceConfig) {
    const { vocab, unk_token: unknown } = config;
    const unknownId = Object.hasOwn(vocab, unknown) ? vocab[unknown] : undefined;
    if (unknownId === undefined) {
      throw new Error(
        `tokenizer.json: unk_token ${JSON.stringify(config.unk_token)} is not in the vocabulary`,
      );
    }
    this.trie = new PieceTrie(Object.entries(vocab));
    let node = ROOT;
    for (const unit of config.continuing_subword_prefix.split('')) {
      if (node !== NOWHERE) node = this.trie.step(node, unit.charCodeAt(0));
    }
    this.continuing = node;
    this.unknownId = unknownId;
    this.maxCharsPerWord = config.max_input_chars_per_word;
  }

  /** Appends the ids of the word in `text` from `start` to `end` (exclusive). */
  encodeWord(text: string, start: number, end: number, ids: number[]): void {
    if (this.isTooLong(text, start, end)) {
      ids.push(this.unknownId);
      return;
    }
    const before = ids.length;
    let from = ROOT;
    for (let at = start; at < end;) {
      let longest = -1;
      let next = at;
      let node = from;
      // No piece ends between the halves of a surrogate pair, so a step there finds none.
      for (let i = at; i < end && node !== NOWHERE;) {
        node = this.trie.step(node, text.charCodeAt(i++));
        const id = node === NOWHERE ? -1 : this.trie.idAt(node);
        if (id < 0) continue;
        longest = id;
        next = i;
      }
      if (longest < 0) {
        ids.length = before;
        ids.push(this.unknownId);
        return;
      }
      ids.push(longest);
      at = next;
      from = this.continuing;
    }
  }

  private isTooLong(text: string, start: number, end: number): boolean {
    if (end - start <= this.maxCharsPerWord) return false;
    if (end - start > 2 * this.maxCharsPerWord) return true;
    return Array.from(text.slice(start, end)).length > this.maxCharsPerWord;
  }
}
