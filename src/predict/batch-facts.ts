import type { Inference } from '../inference/executor.js';
import type { Facts } from '../observability/answer.interceptor.js';

const larger = (a: number | null, b: number): number => (a === null || b > a ? b : a);

/** Sums up the texts of one batch request for its log line: tokens are added, times are those of the slowest. */
export class BatchFacts {
  private readonly perVersion: Record<string, number> = {};
  private tokens = 0;
  private truncated = false;
  private queueMs: number | null = null;
  private tokenizeMs: number | null = null;
  private inferenceMs: number | null = null;
  private batchSize: number | null = null;

  constructor(private readonly texts: number) {}

  add(version: string, inference: Inference): void {
    this.perVersion[version] = (this.perVersion[version] ?? 0) + 1;
    this.tokens += inference.tokens;
    this.truncated ||= inference.truncated;
    this.queueMs = larger(this.queueMs, inference.queueMs);
    this.tokenizeMs = larger(this.tokenizeMs, inference.tokenizeMs);
    this.inferenceMs = larger(this.inferenceMs, inference.inferenceMs);
    this.batchSize = larger(this.batchSize, inference.batchSize);
  }

  toFacts(): Facts {
    const versions = Object.keys(this.perVersion);
    return {
      modelVersion: versions.length === 1 ? (versions[0] ?? null) : null,
      texts: this.texts,
      cacheHits: 0,
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
