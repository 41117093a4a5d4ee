import type { CacheAnswer } from '../cache/prediction-cache.js';
import type { Facts } from '../observability/answer.interceptor.js';

const larger = (a: number | null, b: number): number => (a === null || b > a ? b : a);

/** Sums up the texts of one batch request for its log line: tokens are added, times are those of the slowest. */
export class BatchFacts {
  private readonly perVersion: Record<string, number> = {};
  private readonly levels = new Set<CacheAnswer['level']>();
  private cacheHits = 0;
  private tokens = 0;
  private truncated = false;
  private queueMs: number | null = null;
  private tokenizeMs: number | null = null;
  private inferenceMs: number | null = null;
  private batchSize: number | null = null;

  constructor(private readonly texts: number) {}

  add(version: string, { row, level, inference }: CacheAnswer): void {
    this.perVersion[version] = (this.perVersion[version] ?? 0) + 1;
    this.levels.add(level);
    if (level !== null) this.cacheHits++;
    this.tokens += row.tokens;
    this.truncated ||= row.truncated;
    if (inference === null) return;
    this.queueMs = larger(this.queueMs, inference.queueMs);
    this.tokenizeMs = larger(this.tokenizeMs, inference.tokenizeMs);
    this.inferenceMs = larger(this.inferenceMs, inference.inferenceMs);
    this.batchSize = larger(this.batchSize, inference.batchSize);
  }

  toFacts(): Facts {
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
      queueMs: this.queueMs,
      tokenizeMs: this.tokenizeMs,
      inferenceMs: this.inferenceMs,
      batchSize: this.batchSize,
    };
  }
}
