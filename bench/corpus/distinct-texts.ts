import { seededRandom, shuffled } from '../../src/base/seeded-random.js';
import { devSentences, readTokenizer } from './version-files.js';

/**
 * Sentences that no cache has seen: those of the SST-2 dev set with each word exchanged for a random word of that
 * set with as many tokens. Lengths in tokens keep their distribution exactly, and no text comes twice in a run.
 */
export class DistinctTexts {
  private readonly tokenizer;
  private readonly random: () => number;
  private readonly wordsByTokens = new Map<number, string[]>();
  private readonly seen = new Set<string>();
  private readonly tokensOf = new Map<string, number>();
  private readonly upcoming: string[] = [];
  private order: string[][];
  private at = 0;

  /**
   * @param folder the version whose parity.json (group "dev") and tokenizer are read
   * @param words how many words the sentences have that serve as patterns: shorter texts are answered sooner, but of very
   *   short ones there are not many different ones
   */
  constructor(
    folder: string,
    seed: number,
    words: { least: number; most: number } = { least: 1, most: Infinity },
  ) {
    this.tokenizer = readTokenizer(folder);
    this.random = seededRandom(seed);
    const sentences = devSentences(folder).map((text) => text.trim().split(/\s+/));
    for (const word of new Set(sentences.flat())) this.group(word).push(word);
    this.order = sentences.filter(({ length }) => length >= words.least && length <= words.most);
  }

  /** The next texts; they stay the next ones until they are dropped. */
  peek(count: number): string[] {
    while (this.upcoming.length < count) this.upcoming.push(this.next());
    return this.upcoming.slice(0, count);
  }

  /** Of the next texts, this many have been sent. */
  drop(count: number): void {
    this.upcoming.splice(0, count);
  }

  take(count: number): string[] {
    const texts = this.peek(count);
    this.drop(count);
    return texts;
  }

  /** Token ids, special tokens included. */
  encode(text: string): number[] {
    return this.tokenizer.encode(text);
  }

  private next(): string {
    if (this.at % this.order.length === 0) this.order = shuffled(this.order, this.random);
    const sentence = this.order[this.at++ % this.order.length] ?? [];
    for (;;) {
      const text = sentence.map((word) => this.pick(this.group(word))).join(' ');
      if (this.seen.has(text)) continue;
      this.seen.add(text);
      return text;
    }
  }

  /** The words with as many tokens as this one. */
  private group(word: string): string[] {
    let tokens = this.tokensOf.get(word);
    if (tokens === undefined) {
      tokens = this.tokenizer.encode(word, { add_special_tokens: false }).length;
      this.tokensOf.set(word, tokens);
    }
    let words = this.wordsByTokens.get(tokens);
    if (words === undefined) this.wordsByTokens.set(tokens, (words = []));
    return words;
  }

  private pick(words: readonly string[]): string {
    return words[Math.floor(this.random() * words.length)] ?? '';
  }
}
