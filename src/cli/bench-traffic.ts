import { LENGTHS, patternsFor, type Lengths, type TrafficOptions } from '../tools/bench/texts.js';
import type { SerinConfig } from '../base/config/serin-config.js';
import { devSentences, sentencesOf } from '../tools/traffic/sentences.js';
import type { BenchFlags } from './bench-flags.js';
import { stableFolder } from './stable-folder.js';

/** What the texts of a measurement are made of. @throws StartError when there is nothing to make them of */
export async function benchTraffic(
  { lengths, textField, model, hits }: BenchFlags,
  config: () => SerinConfig,
  seed: number,
  signal: AbortSignal,
): Promise<TrafficOptions> {
  const options = { hitShare: hits / 100, seed };
  if (!isKind(lengths)) {
    const patterns = await sentencesOf(lengths, textField, signal);
    return { ...options, patterns, sendPatterns: true };
  }
  const sentences = devSentences(stableFolder(config(), model), '--lengths FILE');
  // The sentences themselves are what everybody tries a service with: they may be in its cache.
  return { ...options, patterns: patternsFor(lengths, sentences), sendPatterns: false };
}

const isKind = (lengths: string): lengths is Lengths => (LENGTHS as readonly string[]).includes(lengths);
