/** Time constant of the drain rate, in milliseconds. It covers a few seconds, so one burst hardly changes the rate. */
const RATE_WINDOW_MS = 3_000;

/** Milliseconds that a refused caller is told to wait while no permit has been released yet. */
const UNKNOWN_DRAIN_MS = 1_000;

/** Longest wait, in milliseconds, that a refused caller is told; a longer figure would be of no use to a client. */
const LONGEST_DRAIN_MS = 30_000;

/**
 * Admission: one permit per text, from its admission until no worker has it any more. A batch gets all of its permits
 * or none. The class also measures how fast permits are released, which tells a refused caller how long to wait.
 */
export class Permits {
  private taken = 0;
  private recent = 0;
  private updatedAt = 0;

  constructor(readonly limit: number) {}

  get inUse(): number {
    return this.taken;
  }

  /** Takes `count` permits. False when fewer are left; none is taken then. */
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

  /** Milliseconds until the permits in use are released, at the rate of the last seconds. */
  drainMs(now: number): number {
    const perMs = this.recentAt(now) / RATE_WINDOW_MS;
    if (perMs <= 0) return UNKNOWN_DRAIN_MS;
    return Math.min(Math.max(1, Math.ceil(this.taken / perMs)), LONGEST_DRAIN_MS);
  }

  /** Sum of past releases, each weighted by e^(−age / window). Divided by the window, it is a smoothed rate. */
  private recentAt(now: number): number {
    return this.recent * Math.exp((this.updatedAt - now) / RATE_WINDOW_MS);
  }
}
