import type { ErrorCode } from '../../base/errors/codes.js';
import type { CacheAnswer } from '../cache/prediction-cache.js';
import type { Facts } from '../http/answer.interceptor.js';
import { flightFacts } from './flight-facts.js';

/**
 * Summarizes the texts of one batch request for its log line. Tokens are added; times are those of the text whose
 * result came last.
 */
export class BatchFacts {
  private readonly perVersion: Record<string, number> = {};
  private readonly levels = new Set<CacheAnswer['level']>();
  private cacheHits = 0;
  private tokens = 0;
  private truncated = false;
  private slowest: CacheAnswer | undefined;
  private failed = 0;
  private readonly perCode: Partial<Record<ErrorCode, number>> = {};
  private hasWaitedInVain = false;

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

  /**
   * Records a text that failed.
   * @param afterWait true when the text had been asked about: the batch then has no valid `turnAt`, because the end of
   *   that wait is unknown
   */
  fail(code: ErrorCode, afterWait: boolean): void {
    this.failed++;
    this.perCode[code] = (this.perCode[code] ?? 0) + 1;
    this.hasWaitedInVain ||= afterWait;
  }

  /** @param turnAt `performance.now()` when the cache had answered all texts */
  toFacts(turnAt: number): Facts {
    const versions = Object.keys(this.perVersion);
    const [level = null] = this.levels;
    return {
      // For the request as a whole: it is a cache hit when no text had to be computed, and it has a level when all
      // texts came from that level.
      cacheHit: this.cacheHits > 0 && this.cacheHits === this.texts,
      cacheLevel: this.levels.size === 1 ? level : null,
      modelVersion: versions.length === 1 ? (versions[0] ?? null) : null,
      texts: this.texts,
      cacheHits: this.cacheHits,
      textsPerVersion: this.perVersion,
      failed: this.failed,
      failedPerCode: this.failed === 0 ? null : this.perCode,
      tokens: this.tokens,
      truncated: this.truncated,
      turnAt: this.hasWaitedInVain || this.slowest === undefined ? null : turnAt,
      ...(this.slowest && flightFacts(this.slowest)),
    };
  }
}

/** The time of a text's result; an answer from memory counts as earlier than every other. */
const resultAt = ({ times }: CacheAnswer): number => times?.resultAt ?? -Infinity;
