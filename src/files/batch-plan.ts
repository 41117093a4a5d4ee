import { wellFormed } from '../tokenization/text-tokenizer.js';

export interface BatchLimits {
  /** Largest rows × longest row of a batch; a longer text runs alone. */
  readonly maxPaddedTokens: number;
  readonly runsAlone: boolean;
}

/** What a block has to infer: its distinct texts, shortest first, and how they are cut into batches. */
export interface BatchPlan {
  readonly texts: readonly string[];
  /** Tokens per text, ascending. */
  readonly tokens: readonly number[];
  /** Exclusive end of each batch in `texts`, ascending. */
  readonly ends: readonly number[];
  /** Index in `texts` of every text that was added, in the order of adding. */
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
 * Collects the texts of one block. The plan follows from the texts and their order alone: whoever runs it gets the
 * same batches, and a batch gives the same scores.
 */
export class BatchPlanner {
  private readonly distinct = new Map<string, number>();
  private readonly tokens: number[] = [];
  private readonly added: number[] = [];

  /** @param countTokens exact number of tokens that a text enters the model with */
  constructor(
    private readonly countTokens: (text: string) => number,
    private readonly limits: BatchLimits,
  ) {}

  add(text: string): void {
    const key = wellFormed(text);
    let order = this.distinct.get(key);
    if (order === undefined) {
      order = this.distinct.size;
      this.distinct.set(key, order);
      this.tokens.push(this.countTokens(key));
    }
    this.added.push(order);
  }

  finish(): BatchPlan {
    const texts = [...this.distinct.keys()];
    const order = texts.map((_, i) => i).sort((a, b) => (this.tokens[a] ?? 0) - (this.tokens[b] ?? 0));
    const placeOf = new Array<number>(texts.length);
    order.forEach((original, place) => (placeOf[original] = place));
    const tokens = order.map((i) => this.tokens[i] ?? 0);
    return {
      texts: order.map((i) => texts[i] ?? ''),
      tokens,
      ends: cutBatches(tokens, this.limits),
      indices: this.added.map((i) => placeOf[i] ?? 0),
    };
  }
}
