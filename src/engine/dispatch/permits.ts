/** Time constant of the drain rate, in milliseconds: a few seconds of history, so that a burst does not swing it. */
const RATE_WINDOW_MS = 3_000;

/** What a caller is told to wait while nothing has drained yet. */
const UNKNOWN_DRAIN_MS = 1_000;

/** Longest wait that is announced; beyond it the figure says nothing a client could use. */
const LONGEST_DRAIN_MS = 30_000;

/**
 * Admission: one permit per text, from the moment it is admitted until no worker has it any more. All or nothing for a batch.
 * Also measures how fast permits come back, since that is what a refused caller should wait for.
 */
export class Permits {
  private taken = 0;
  private recent = 0;
  private updatedAt = 0;

  constructor(readonly limit: number) {}

  get inUse(): number {
    return this.taken;
  }

  /** False, and nothing taken, when fewer than `count` are left. */
  tryTake(count: number): boolean {
    if (this.taken + count > this.limit) return false;
    this.taken += count;
    return true;
  }

  /** @param now milliseconds of a monotonic clock */
  release(count: number, now: number): void {
    this.taken -= count;
    this.recent = this.recentAt(now) + count;
    this.updatedAt = now;
  }

  /** Milliseconds until the permits in use have come back, at the rate of the last seconds. */
  drainMs(now: number): number {
    const perMs = this.recentAt(now) / RATE_WINDOW_MS;
    if (perMs <= 0) return UNKNOWN_DRAIN_MS;
    return Math.min(Math.max(1, Math.ceil(this.taken / perMs)), LONGEST_DRAIN_MS);
  }

  /** Releases of the past, each weighted by e^(−age / window): their sum over the window is a smoothed rate. */
  private recentAt(now: number): number {
    return this.recent * Math.exp((this.updatedAt - now) / RATE_WINDOW_MS);
  }
}
