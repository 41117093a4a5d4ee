/** How long unused budget is kept, and how often the share is adjusted. */
const WINDOW_MS = 1000;

/** Estimated cost of a text before the first measurement. */
const FIRST_ESTIMATE_MS = 10;

/** Weight of the latest cost in the estimate. */
const SMOOTHING = 0.1;

/**
 * When the budget does not suffice, the share falls at most to this fraction per window; otherwise it rises by the
 * factor RISE.
 */
const STEEPEST_FALL = 0.5;
const RISE = 1.1;
const LEAST_SHARE = 1 / 1024;

/**
 * The worker time that the comparison may use, as a token bucket. The bucket fills at the rate of the budget, each text
 * takes its real cost from it, and one text may overdraw it. When texts are refused because the budget is empty, the
 * share of texts that may ask falls until the budget suffices. A text's hash, not its arrival time, then decides
 * whether it gets a pair, so frequent texts have no better chance than rare ones.
 */
export class WorkBudget {
  private balanceMs: number | undefined;
  private filledAt: number;
  private estimateMs = FIRST_ESTIMATE_MS;
  private currentShare = 1;
  private windowAt: number;
  private granted = 0;
  private refused = 0;

  /** @param now milliseconds of a monotonic clock, as in all methods here */
  constructor(now: number) {
    this.filledAt = now;
    this.windowAt = now;
  }

  /** Share of the sampled texts for which the budget suffices, above 0, at most 1. */
  shareAt(now: number): number {
    const windows = Math.floor((now - this.windowAt) / WINDOW_MS);
    if (windows < 1) return this.currentShare;
    const factor =
      this.refused > 0
        ? Math.max(STEEPEST_FALL, this.granted / (this.granted + this.refused))
        : RISE ** windows;
    this.currentShare = Math.min(1, Math.max(LEAST_SHARE, this.currentShare * factor));
    this.windowAt = now;
    this.granted = 0;
    this.refused = 0;
    return this.currentShare;
  }

  /**
   * Reserves the expected cost of a text.
   * @param rate worker milliseconds per millisecond: 0.1 is 5 % of two workers
   * @returns the reserved cost in ms, which the caller must settle; null when no budget is left
   */
  reserve(rate: number, now: number): number | null {
    const most = rate * WINDOW_MS;
    const filled = this.balanceMs === undefined ? most : this.balanceMs + rate * (now - this.filledAt);
    this.balanceMs = Math.min(most, filled);
    this.filledAt = now;
    if (this.balanceMs <= 0) {
      this.refused++;
      return null;
    }
    this.granted++;
    this.balanceMs -= this.estimateMs;
    return this.estimateMs;
  }

  /** Replaces a reserved cost by the real one. @param costMs the real cost of the text; null when it never ran */
  settle(reservedMs: number, costMs: number | null): void {
    this.balanceMs = (this.balanceMs ?? 0) + reservedMs - (costMs ?? 0);
    if (costMs !== null) this.estimateMs += SMOOTHING * (costMs - this.estimateMs);
  }
}
