import { createHash } from 'node:crypto';

/** A text of the traffic file that is compared. */
export interface SampledText {
  /** Line of the file where it occurs first, from 1. */
  readonly line: number;
  readonly text: string;
  /** sha256 of the text in UTF-8, hex. */
  readonly hash: string;
}

/** Sorts after every hex digit. */
const NO_BOUND = 'g';

/**
 * The `size` distinct texts with the smallest sha256: a uniform sample that depends on the texts alone. The same
 * file gives the same sample whatever the order of its lines, and a text that stays in the traffic stays in the
 * sample until smaller hashes arrive. One pass, no length known beforehand, at most 2 × `size` texts in memory.
 */
export class HashSample {
  private readonly kept = new Map<string, SampledText>();
  /** Every hash from here on is too large to be among the smallest. */
  private bound = NO_BOUND;

  constructor(private readonly size: number) {}

  offer(line: number, text: string): void {
    const hash = createHash('sha256').update(text, 'utf8').digest('hex');
    if (hash >= this.bound || this.kept.has(hash)) return;
    this.kept.set(hash, { line, text, hash });
    if (this.kept.size >= 2 * this.size) this.shrink();
  }

  /** The sample in the order of the file. */
  texts(): SampledText[] {
    if (this.kept.size > this.size) this.shrink();
    return [...this.kept.values()].sort((a, b) => a.line - b.line);
  }

  private shrink(): void {
    const hashes = [...this.kept.keys()].sort();
    this.bound = hashes[this.size] ?? NO_BOUND;
    for (const hash of hashes.slice(this.size)) this.kept.delete(hash);
  }
}
