import { distinctTexts } from '../traffic/distinct-texts.js';
import { seededRandom } from '../../base/seeded-random.js';
import { ZipfSampler } from './zipf.js';

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
