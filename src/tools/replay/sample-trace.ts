import { distinctTexts } from '../traffic/distinct-texts.js';
import { seededRandom } from '../../base/seeded-random.js';

export interface SampleOptions {
  /** Requests, and as many texts to draw from: the tail is as long as the trace. */
  readonly requests: number;
  /** Of Zipf's law. Query logs lie between 0.6 and 1 (Breslau et al., Web Caching and Zipf-like Distributions, 1999). */
  readonly exponent: number;
  readonly seed: number;
}

/**
 * A trace in which text of rank k comes with the frequency of Zipf's law, in random order: the texts of the requests,
 * one after the other. The same options and sentences give the same trace.
 */
export function* sampleTrace(sentences: readonly string[], options: SampleOptions): Generator<string> {
  const { requests, exponent, seed } = options;
  // Texts and ranks have sources of their own: another number of draws for one leaves the other as it is.
  const texts = distinctTexts(sentences, seededRandom(seed));
  const zipf = new ZipfSampler(requests, exponent, seededRandom(~seed));
  const byRank: string[] = [];
  for (let i = 0; i < requests; i++) {
    const rank = zipf.next();
    while (byRank.length < rank) byRank.push(texts.next().value as string);
    yield byRank[rank - 1] ?? '';
  }
}

/**
 * Ranks by Zipf's law: rank k of n is drawn with probability k^-s / (1^-s + … + n^-s). Drawn by inversion, with the
 * cumulated weights in memory (8 bytes per rank).
 */
export class ZipfSampler {
  private readonly cumulated: Float64Array;

  /**
   * @param ranks n, at least 1
   * @param exponent s, above 0
   * @param random numbers in [0, 1)
   */
  constructor(
    ranks: number,
    exponent: number,
    private readonly random: () => number,
  ) {
    this.cumulated = new Float64Array(ranks);
    let sum = 0;
    for (let k = 1; k <= ranks; k++) this.cumulated[k - 1] = sum += k ** -exponent;
  }

  /** A rank, from 1. */
  next(): number {
    const { cumulated } = this;
    const wanted = this.random() * (cumulated.at(-1) ?? 0);
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((cumulated[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  }
}
