import type { CacheAnswer } from '../cache/prediction-cache.js';
import type { Facts } from '../http/answer.interceptor.js';
import { flightFacts } from './flight-facts.js';

/**
 * Sums up the texts of one batch request for its log line: tokens are added, times are those of the text whose result
 * came last.
 */
export class BatchFacts {
  private readonly perVersion: Record<string, number> = {};
  private readonly levels = new Set<CacheAnswer['level']>();
  private cacheHits = 0;
  private tokens = 0;
  private truncated = false;
  private slowest: CacheAnswer | undefined;
  private hasFailed = false;

  constructor(private readonly texts: number) {}

  add(version: string, answered: CacheAnswer): void {
    const { answer, level } = answered;
    this.perVersion[version] = (this.perVersion[version] ?? 0) + 1;
    this.levels.add(level);
    if (level !== null) this.cacheHits++;
    this.tokens += answer.tokens;
    this.truncated ||= answer.truncated;
    if (this.slowest === undefined || resultAt(answered) > resultAt(this.slowest)) this.slowest = answered;
  }

  /** A text that was waited for and failed: nobody knows since when there was nothing else to wait for. */
  fail(): void {
    this.hasFailed = true;
  }

  /** @param turnAt `performance.now()` when the cache had answered for all texts */
  toFacts(turnAt: number): Facts {
    const versions = Object.keys(this.perVersion);
    const [level = null] = this.levels;
    return {
      // Of the request as a whole: it is a hit when no text had to be computed, and of a level when all came from it.
      cacheHit: this.cacheHits > 0 && this.cacheHits === this.texts,
      cacheLevel: this.levels.size === 1 ? level : null,
      modelVersion: versions.length === 1 ? (versions[0] ?? null) : null,
      texts: this.texts,
      cacheHits: this.cacheHits,
      textsPerVersion: this.perVersion,
      tokens: this.tokens,
      truncated: this.truncated,
      turnAt: this.hasFailed || this.slowest === undefined ? null : turnAt,
      ...(this.slowest && flightFacts(this.slowest)),
    };
  }
}

/** What memory had was there before anything else. */
const resultAt = ({ times }: CacheAnswer): number => times?.resultAt ?? -Infinity;
