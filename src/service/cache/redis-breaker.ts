export type BreakerState = 'closed' | 'open' | 'half_open';

/** Whom the breaker let through, and in which of its phases; what is reported later counts only in that phase. */
export type Pass = number;

/**
 * A circuit breaker (M. Nygard, Release It!, 2007). Closed: everybody may ask; after `failuresToOpen` failures in a row
 * it opens. Open: nobody may, for `openMs`. Then half open: one may ask, and what becomes of it closes or opens the
 * breaker. It has no timer: the time is looked at when somebody asks.
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
      /** Milliseconds of a clock that never goes back. */
      readonly now: () => number;
      readonly onChange: (state: BreakerState) => void;
    },
  ) {}

  get state(): BreakerState {
    return this.current;
  }

  /** @returns null when the caller may not ask; else what it reports with, exactly once. */
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
