import { partition } from '../protocol/partition.js';
import type { CostCoefficients } from '../protocol/protocol.js';
import type { ClientShares } from './client-shares.js';

/** The properties of a waiting text that the batcher uses. */
export interface QueuedText {
  /** Estimated tokens, special tokens included. */
  readonly tokens: number;
  /** Estimated number of sequences of the text. A text with more than one makes a batch of its own. */
  readonly sequences: number;
  /** Predicted work in full batches, in milliseconds. */
  readonly workMs: number;
  /** The client in whose turn it runs. */
  line: string;
  /** `performance.now()` when it was submitted. */
  readonly enqueuedAt: number;
  /** `performance.now()` from which it is due: of one client's texts the earliest goes first. */
  readonly turnAt: number;
  /** Must run in a batch of its own: its last batch ended with the death of a worker. */
  readonly alone: boolean;
}

export interface BatchLimits {
  readonly cost: CostCoefficients;
  readonly maxPaddedTokens: number;
  /** True when a batch is one text: the version's answers depend on batch mates, or the shortest run is wanted. */
  readonly runsAlone: boolean;
  /** Idle workers that could share the waiting texts; at least 1. */
  readonly idleWorkers: number;
}

/** How many of the next texts a batch is chosen from: bounds the work of planning one. */
const PLANNING_WINDOW = 256;

const goesAlone = ({ alone, sequences }: QueuedText): boolean => alone || sequences > 1;

/**
 * The texts that wait for one version: a line per client, each in the order in which its texts are due. Clients take
 * turns (see {@link ClientShares}). A batch is cut by predicted cost: the texts whose turns are next are sorted by
 * length and split where the total of the predicted run times is least; of these parts the one that holds the next
 * text goes. So like lengths share a batch, and no text is passed over.
 */
export class TextQueue<T extends QueuedText> {
  private readonly lines = new Map<string, T[]>();
  private count = 0;

  constructor(private readonly shares: ClientShares) {}

  get size(): number {
    return this.count;
  }

  /** The text that goes next; undefined when none waits. */
  get next(): T | undefined {
    let next: T | undefined;
    let clock = Infinity;
    for (const [client, line] of this.lines) {
      const [first] = line;
      if (first === undefined) continue;
      const own = this.lines.size === 1 ? 0 : this.shares.clockOf(client);
      if (next !== undefined && (own > clock || (own === clock && first.turnAt >= next.turnAt))) continue;
      next = first;
      clock = own;
    }
    return next;
  }

  push(item: T): void {
    this.insert(item);
    this.shares.add(item.line, item.workMs, item.enqueuedAt);
  }

  /**
   * Puts texts back that were taken but not answered: before others that are due at the same time, and without a charge
   * for their clients.
   */
  putBack(items: readonly T[], now: number): void {
    for (const item of [...items].reverse()) {
      this.insert(item, true);
      this.shares.putBack(item.line, item.workMs, now);
    }
  }

  /** False when the text does not wait here. */
  remove(item: T): boolean {
    const at = this.lines.get(item.line)?.indexOf(item) ?? -1;
    if (at < 0) return false;
    this.dropAll([item]);
    this.shares.remove(item.line, item.workMs);
    return true;
  }

  /** Another client waits for this text too: it moves to that client's line if its turn comes sooner there. */
  offer(item: T, client: string): void {
    const line = this.lines.get(item.line);
    const at = line?.indexOf(item) ?? -1;
    if (line === undefined || at < 0 || client === item.line) return;
    const before = line.slice(0, at).reduce((sum, { workMs }) => sum + workMs, 0);
    const here = this.shares.turnAfter(item.line, before);
    const there = this.shares.turnAfter(client, this.shares.waitingOf(client));
    if (there >= here) return;
    this.remove(item);
    item.line = client;
    this.push(item);
  }

  /** Removes and returns the texts that are in some condition. */
  removeAll(condition: (item: T) => boolean): T[] {
    const removed: T[] = [];
    for (const line of this.lines.values()) for (const item of line) if (condition(item)) removed.push(item);
    this.dropAll(removed);
    for (const { line, workMs } of removed) this.shares.remove(line, workMs);
    return removed;
  }

  /** Removes and returns everything, the earliest due first. */
  clear(): T[] {
    return this.removeAll(() => true).sort((a, b) => a.turnAt - b.turnAt);
  }

  /** Takes the batch that should run next, sorted by length; empty when nothing waits. */
  take(limits: BatchLimits, now: number): T[] {
    const { next } = this;
    if (next === undefined) return [];
    const batch = goesAlone(next) || limits.runsAlone ? [next] : this.choose(next, limits);
    this.shares.turnOf(next.line);
    this.dropAll(batch);
    for (const { line, workMs } of batch) this.shares.serve(line, workMs, now);
    return batch;
  }

  private insert(item: T, isBack = false): void {
    let line = this.lines.get(item.line);
    if (line === undefined) this.lines.set(item.line, (line = []));
    // Nearly always at the end: only the ranges of a long text are due later than they come.
    let at = line.length;
    for (; at > 0; at--) {
      const before = line[at - 1]?.turnAt ?? 0;
      if (before < item.turnAt || (before === item.turnAt && !isBack)) break;
    }
    if (at === line.length) line.push(item);
    else line.splice(at, 0, item);
    this.count++;
  }

  private dropAll(items: readonly T[]): void {
    if (items.length === 0) return;
    this.count -= items.length;
    if (this.count === 0) {
      this.lines.clear();
      return;
    }
    const gone = new Set(items);
    for (const client of new Set(items.map((item) => item.line))) {
      const left = this.lines.get(client)?.filter((item) => !gone.has(item)) ?? [];
      if (left.length > 0) this.lines.set(client, left);
      else this.lines.delete(client);
    }
  }

  /** The texts whose turns are next, in the order of the turns if each were a batch of its own. */
  private inTurn(limit: number): T[] {
    const [only] = this.lines.values();
    if (this.lines.size === 1 && only !== undefined) return only.slice(0, limit);
    const turns: { readonly item: T; readonly clock: number }[] = [];
    for (const [client, line] of this.lines) {
      const weight = this.shares.weight(client);
      let clock = this.shares.clockOf(client);
      for (const item of line.slice(0, limit)) {
        turns.push({ item, clock });
        clock += item.workMs / weight;
      }
    }
    turns.sort((a, b) => a.clock - b.clock || a.item.turnAt - b.item.turnAt);
    return turns.slice(0, limit).map(({ item }) => item);
  }

  private choose(next: T, { cost, maxPaddedTokens, idleWorkers }: BatchLimits): T[] {
    const sorted = this.inTurn(PLANNING_WINDOW)
      .filter((item) => !goesAlone(item))
      .sort((a, b) => a.tokens - b.tokens);
    const ends = partition(
      sorted.map((item) => item.tokens),
      cost,
      // Idle workers share the waiting texts: otherwise one of them would take all.
      { maxPaddedTokens, maxTexts: Math.ceil(sorted.length / idleWorkers) },
    );
    const at = sorted.indexOf(next);
    const end = ends.find((candidate) => candidate > at) ?? sorted.length;
    const start = ends[ends.indexOf(end) - 1] ?? 0;
    return sorted.slice(start, end);
  }
}
