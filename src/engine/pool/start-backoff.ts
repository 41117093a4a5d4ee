/** Consecutive failed starts after which the pool reports that it is not ready. */
export const MAX_START_FAILURES_IN_A_ROW = 5;

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;

/** The worker starts that failed since a worker was last ready. */
export interface StartFailures {
  readonly count: number;
  /** Why the latest of them failed; null when none did. */
  readonly lastReason: string | null;
}

/**
 * Counts consecutive workers that died before they were ready. A worker that had been ready is replaced at once and
 * does not count. The count returns to 0 when any worker becomes ready.
 */
export class StartBackoff {
  private failures = 0;
  private lastReason: string | null = null;

  get failuresInARow(): StartFailures {
    return { count: this.failures, lastReason: this.lastReason };
  }

  /** True when so many starts failed that a request should not wait for the next one. */
  get exhausted(): boolean {
    return this.failures >= MAX_START_FAILURES_IN_A_ROW;
  }

  succeeded(): void {
    this.failures = 0;
    this.lastReason = null;
  }

  failed(reason: string): void {
    this.failures++;
    this.lastReason = reason;
  }

  /** Milliseconds to wait before the next start: 0, then 100 ms doubling up to 5 s. */
  nextDelayMs(): number {
    return this.failures === 0 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (this.failures - 1), LONGEST_DELAY_MS);
  }
}
