import { wellFormed, type Encoding, type TextTokenizer } from '../tokenization/text-tokenizer.js';

export interface BatchLimits {
  /** Largest padded tokens (rows × longest row) of a batch; a longer text runs alone. */
  readonly maxPaddedTokens: number;
  readonly runsAlone: boolean;
}

/** The distinct texts of a block, shortest first, and their division into batches. */
export interface BatchPlan {
  /** Ascending by their number of tokens. */
  readonly encodings: readonly Encoding[];
  /** Exclusive end of each batch in `encodings`, ascending. */
  readonly ends: readonly number[];
  /** Index in `encodings` of every text that was added, in the order of adding. */
  readonly indices: readonly number[];
}

/** @returns the exclusive end of each batch: as many texts as the budget allows, from the shortest on */
export function cutBatches(tokens: readonly number[], { maxPaddedTokens, runsAlone }: BatchLimits): number[] {
  const ends: number[] = [];
  let start = 0;
  tokens.forEach((longest, i) => {
    const rows = i + 1 - start;
    if (rows > 1 && (runsAlone || rows * longest > maxPaddedTokens)) {
      ends.push(i);
      start = i;
    }
  });
  if (tokens.length > 0) ends.push(tokens.length);
  return ends;
}

/**
 * Collects the texts of one block. The plan depends only on the texts and their order. So every run makes the same
 * batches, and the same batch gives the same scores.
 */
export class BatchPlanner {
  private readonly distinct = new Map<string, number>();
  private readonly encodings: Encoding[] = [];
  private readonly added: number[] = [];

  /** @param tokenizer the version's; its output is the input of the model */
  constructor(
    private readonly tokenizer: Pick<TextTokenizer, 'encode' | 'isEmpty'>,
    private readonly limits: BatchLimits,
  ) {}

  /** @returns false for a text of which the tokenizer leaves nothing: it is no part of the plan */
  add(text: string): boolean {
    const key = wellFormed(text);
    let order = this.distinct.get(key);
    if (order === undefined) {
      const encoding = this.tokenizer.encode(key);
      if (this.tokenizer.isEmpty(encoding.ids)) return false;
      order = this.distinct.size;
      this.distinct.set(key, order);
      this.encodings.push(encoding);
    }
    this.added.push(order);
    return true;
  }

  finish(): BatchPlan {
    const sorted = this.encodings.map((encoding, i) => ({ encoding, i, tokens: encoding.ids.length }));
    sorted.sort((a, b) => a.tokens - b.tokens);
    const placeOf = new Array<number>(sorted.length);
    sorted.forEach(({ i }, place) => (placeOf[i] = place));
    return {
      encodings: sorted.map(({ encoding }) => encoding),
      ends: cutBatches(
        sorted.map(({ tokens }) => tokens),
        this.limits,
      ),
      indices: this.added.map((i) => placeOf[i] ?? 0),
    };
  }
}
