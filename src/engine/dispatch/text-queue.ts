import { partition } from '../protocol/partition.js';
import type { CostCoefficients } from '../protocol/protocol.js';

/** What the batcher needs to know of a waiting text. */
export interface QueuedText {
  /** Estimated tokens, special tokens included. */
  readonly tokens: number;
  /** Sequences that it is estimated to be read in. More than one: it makes a batch of its own. */
  readonly sequences: number;
  /** `performance.now()` from which it is due: the earliest goes first. */
  readonly turnAt: number;
  /** Must run in a batch of its own: its last batch ended with the death of a worker. */
  readonly alone: boolean;
}

export interface BatchLimits {
  readonly cost: CostCoefficients;
  readonly maxPaddedTokens: number;
  /** True when a batch is one text: the version's answers depend on batch mates, or the shortest run is wanted. */
  readonly runsAlone: boolean;
  /** Idle workers that could share what is queued; at least 1. */
  readonly idleWorkers: number;
}

/** How many of the oldest texts a batch is chosen from: bounds the work of planning one. */
const PLANNING_WINDOW = 256;

const goesAlone = ({ alone, sequences }: QueuedText): boolean => alone || sequences > 1;

/**
 * The texts that wait for one version, oldest first. A batch is cut by predicted cost: the waiting texts are sorted
 * by length and split where the total of the predicted run times is least; of these parts the one that holds the
 * oldest text goes next. So like lengths share a batch, and nobody is passed over: whoever is oldest goes.
 */
export class TextQueue<T extends QueuedText> {
  private items: T[] = [];

  get size(): number {
    return this.items.length;
  }

  get oldestAt(): number {
    return this.items[0]?.turnAt ?? Infinity;
  }

  push(item: T): void {
    // Nearly always at the end: only the ranges of a long text are due later than they come.
    let at = this.items.length;
    while (at > 0 && (this.items[at - 1]?.turnAt ?? 0) > item.turnAt) at--;
    if (at === this.items.length) this.items.push(item);
    else this.items.splice(at, 0, item);
  }

  /** Puts texts back that were taken but not answered; they keep their age. */
  putBack(items: readonly T[]): void {
    this.items = [...items, ...this.items].sort((a, b) => a.turnAt - b.turnAt);
  }

  /** False when the text does not wait here. */
  remove(item: T): boolean {
    const at = this.items.indexOf(item);
    if (at >= 0) this.items.splice(at, 1);
    return at >= 0;
  }

  /** Removes and returns everything. */
  clear(): T[] {
    const all = this.items;
    this.items = [];
    return all;
  }

  /** Takes the batch that should run next, sorted by length; empty when nothing waits. */
  take(limits: BatchLimits): T[] {
    const oldest = this.items[0];
    if (oldest === undefined) return [];
    const batch = goesAlone(oldest) || limits.runsAlone ? [oldest] : this.choose(oldest, limits);
    if (batch.length === this.items.length) {
      this.items = [];
    } else {
      const taken = new Set(batch);
      this.items = this.items.filter((item) => !taken.has(item));
    }
    return batch;
  }

  private choose(oldest: T, { cost, maxPaddedTokens, idleWorkers }: BatchLimits): T[] {
    const sorted = this.items
      .slice(0, PLANNING_WINDOW)
      .filter((item) => !goesAlone(item))
      .sort((a, b) => a.tokens - b.tokens);
    const ends = partition(
      sorted.map((item) => item.tokens),
      cost,
      // Idle workers share what there is rather than watch one of them take it all.
      { maxPaddedTokens, maxTexts: Math.ceil(sorted.length / idleWorkers) },
    );
    const at = sorted.indexOf(oldest);
    const end = ends.find((candidate) => candidate > at) ?? sorted.length;
    const start = ends[ends.indexOf(end) - 1] ?? 0;
    return sorted.slice(start, end);
  }
}
