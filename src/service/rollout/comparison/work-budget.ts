/** How long unused budget is kept, and how often the share is set anew. */
const WINDOW_MS = 1000;

/** What a text is taken to cost before one has been measured. */
const FIRST_ESTIMATE_MS = 10;

/** Weight of the latest cost in the estimate. */
const SMOOTHING = 0.1;

/** When the budget does not suffice, the share falls by at most this per window, and rises again by this. */
const STEEPEST_FALL = 0.5;
const RISE = 1.1;
const LEAST_SHARE = 1 / 1024;

/**
 * Worker time that the comparison may use: a bucket that fills at the rate of the budget, is drained by what texts have
 * really cost, and may run into debt by one text. When texts are refused for want of budget, the share of all texts
 * that are asked for falls until the budget suffices for them: which texts get a pair is then a matter of their hash
 * and not of who came first, so frequent texts have no better chance than rare ones.
 */
export class WorkBudget {
  private balanceMs: number | undefined;
  private filledAt: number;
  private estimateMs = FIRST_ESTIMATE_MS;
  private currentShare = 1;
  private windowAt: number;
  private granted = 0;
  private refused = 0;

  /** @param now milliseconds of a monotonic clock, as everywhere here */
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
   * Takes what a text is expected to cost.
   * @param rate worker milliseconds per millisecond: 0.1 is 5 % of two workers
   * @returns that cost in ms, to be settled; null when there is no budget left
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

  /** Puts right what was reserved. @param costMs what the text has cost; null when it was never run */
  settle(reservedMs: number, costMs: number | null): void {
    this.balanceMs = (this.balanceMs ?? 0) + reservedMs - (costMs ?? 0);
    if (costMs !== null) this.estimateMs += SMOOTHING * (costMs - this.estimateMs);
  }
}
