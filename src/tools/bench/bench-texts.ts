import { distinctTexts } from '../traffic/distinct-texts.js';
import { seededRandom } from '../../base/seeded-random.js';

export const LENGTHS = ['short', 'mixed', 'long'] as const;
/** Which sentences texts are made of: those of few words, all of them, or several one after the other. */
export type Lengths = (typeof LENGTHS)[number];

/** Most words of a short text: a search query, a headline. */
const SHORT_WORDS = 8;
/** Sentences of a long text: a paragraph of about a hundred words. */
const SENTENCES_PER_LONG = 5;

/** The patterns for texts of these lengths. @param sentences natural ones, not blank */
export function patternsFor(lengths: Lengths, sentences: readonly string[]): string[] {
  switch (lengths) {
    case 'mixed':
      return [...sentences];
    case 'short': {
      const short = sentences.filter((sentence) => sentence.trim().split(/\s+/).length <= SHORT_WORDS);
      return short.length > 0 ? short : [...sentences];
    }
    case 'long': {
      const paragraphs: string[] = [];
      for (let i = 0; i < sentences.length; i += SENTENCES_PER_LONG) {
        paragraphs.push(sentences.slice(i, i + SENTENCES_PER_LONG).join(' '));
      }
      return paragraphs;
    }
  }
}

/** Of the texts that are sent again and again, so many: a cache of any useful size holds them. */
export const REPEATED_TEXTS = 200;

export interface TrafficOptions {
  readonly patterns: readonly string[];
  /** Whether the patterns themselves are sent, before those that are made of them. */
  readonly sendPatterns: boolean;
  /** Of the requests, the share that repeats one of {@link REPEATED_TEXTS} texts; 0 to 1. */
  readonly hitShare: number;
  readonly seed: number;
}

/**
 * The texts of a measurement. But for the repeated ones each is sent once, so that no cache helps; what takes turns
 * with something else gets the same texts in the same order.
 */
export class Traffic {
  /** To be sent before anything is measured. */
  readonly repeated: readonly string[];
  private readonly source: Generator<string>;
  private readonly fresh: string[] = [];
  /** Fresh texts that have been sent to anybody. */
  private used = 0;

  constructor(private readonly options: TrafficOptions) {
    const { patterns, sendPatterns, hitShare, seed } = options;
    this.source = distinctTexts(patterns, seededRandom(seed));
    if (!sendPatterns) {
      for (let left = new Set(patterns).size; left > 0; left--) this.source.next();
    }
    const repeated = hitShare === 0 ? 0 : REPEATED_TEXTS;
    this.repeated = Array.from({ length: repeated }, () => this.source.next().value as string);
  }

  /**
   * What one turn sends. All streams that one call gives are the same, one text after the other, and no other call's
   * stream holds a fresh text of theirs.
   * @param turn any number, another one for each turn: repeats come in another order
   */
  turn(turn: number): () => () => string {
    const start = this.used;
    const { hitShare, seed } = this.options;
    return () => {
      const random = seededRandom(seed + 1 + turn);
      let next = start;
      return () => {
        if (random() < hitShare) {
          return this.repeated[Math.floor(random() * this.repeated.length)] ?? '';
        }
        const text = this.freshAt(next++);
        this.used = Math.max(this.used, next);
        return text;
      };
    };
  }

  private freshAt(place: number): string {
    while (this.fresh.length <= place) this.fresh.push(this.source.next().value as string);
    return this.fresh[place] ?? '';
  }
}
