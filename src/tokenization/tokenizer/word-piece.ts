/** The model's entry of tokenizer.json. */
export interface WordPieceConfig {
  readonly vocab: Readonly<Record<string, number>>;
  readonly unk_token: string;
  readonly continuing_subword_prefix: string;
  readonly max_input_chars_per_word: number;
}

/**
 * WordPiece: the longest piece of the vocabulary first; a word that cannot be covered, or that has more characters
 * (code points) than allowed, is the unknown token. Pieces longer than the vocabulary's longest are never tried.
 */
export class WordPiece {
  private readonly initial = new Map<string, number>();
  private readonly continuing = new Map<string, number>();
  private readonly longestInitial: number;
  private readonly longestContinuing: number;
  private readonly unknownId: number;
  private readonly maxCharsPerWord: number;

  /** @throws Error when the unknown token is not in the vocabulary. */
  constructor(config: WordPieceConfig) {
    const prefix = config.continuing_subword_prefix;
    for (const [piece, id] of Object.entries(config.vocab)) {
      this.initial.set(piece, id);
      if (piece.startsWith(prefix)) this.continuing.set(piece.slice(prefix.length), id);
    }
    this.longestInitial = longestKey(this.initial);
    this.longestContinuing = longestKey(this.continuing);
    const unknownId = this.initial.get(config.unk_token);
    if (unknownId === undefined) {
      throw new Error(
        `tokenizer.json: unk_token ${JSON.stringify(config.unk_token)} is not in the vocabulary`,
      );
    }
    this.unknownId = unknownId;
    this.maxCharsPerWord = config.max_input_chars_per_word;
  }

  /** Appends the ids of one word to `ids`. */
  encodeWord(word: string, ids: number[]): void {
    if (this.isTooLong(word)) {
      ids.push(this.unknownId);
      return;
    }
    const before = ids.length;
    let vocabulary = this.initial;
    let longest = this.longestInitial;
    for (let start = 0; start < word.length;) {
      let end = Math.min(word.length, start + longest);
      let id: number | undefined;
      // An end between the halves of a surrogate pair finds nothing, as no entry ends in one.
      while (end > start && (id = vocabulary.get(word.slice(start, end))) === undefined) end--;
      if (id === undefined) {
        ids.length = before;
        ids.push(this.unknownId);
        return;
      }
      ids.push(id);
      start = end;
      vocabulary = this.continuing;
      longest = this.longestContinuing;
    }
  }

  private isTooLong(word: string): boolean {
    if (word.length <= this.maxCharsPerWord) return false;
    if (word.length > 2 * this.maxCharsPerWord) return true;
    return Array.from(word).length > this.maxCharsPerWord;
  }
}

function longestKey(vocabulary: ReadonlyMap<string, number>): number {
  let longest = 0;
  for (const piece of vocabulary.keys()) longest = Math.max(longest, piece.length);
  return longest;
}
