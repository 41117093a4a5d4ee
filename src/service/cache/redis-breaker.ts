export type BreakerState = 'closed' | 'open' | 'half_open';

/**
 * Identifies the phase of the breaker in which a caller was let through; the caller's report counts only while that
 * phase lasts.
 */
export type Pass = number;

/**
 * A circuit breaker (M. Nygard, Release It!, 2007). Closed: every caller may ask; after `failuresToOpen` failures in a
 * row the breaker opens. Open: no caller may ask for `openMs`. Half open: one caller may ask; its success closes the
 * breaker and its failure opens it again. There is no timer: the clock is read when a caller asks.
 */
export class RedisBreaker {
  private current: BreakerState = 'closed';
  private failuresInARow = 0;
  private openedAtMs = 0;
  private phase: Pass = 0;

  constructor(
    private readonly options: {
      readonly failuresToOpen: number;
      readonly openMs: number;
      /** Milliseconds of a monotonic clock. */
      readonly now: () => number;
      readonly onChange: (state: BreakerState) => void;
    },
  ) {}

  get state(): BreakerState {
    return this.current;
  }

  /**
   * @returns null when the caller may not ask; otherwise the pass, which the caller gives to succeeded() or failed()
   *   exactly once
   */
  pass(): Pass | null {
    if (this.current === 'closed') return this.phase;
    if (this.current === 'half_open' || this.options.now() - this.openedAtMs < this.options.openMs)
      return null;
    this.become('half_open');
    return this.phase;
  }

  succeeded(pass: Pass): void {
    if (pass !== this.phase) return;
    this.failuresInARow = 0;
    if (this.current === 'half_open') this.become('closed');
  }

  failed(pass: Pass): void {
    if (pass !== this.phase) return;
    this.failuresInARow++;
    if (this.current === 'closed' && this.failuresInARow < this.options.failuresToOpen) return;
    this.openedAtMs = this.options.now();
    this.failuresInARow = 0;
    this.become('open');
  }

  private become(state: BreakerState): void {
    this.current = state;
    this.phase++;
    this.options.onChange(state);
  }
}
