/** Clients remembered at once; beyond this the one that was seen longest ago is forgotten, and starts full again. */
const MAX_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  /** `performance.now()` at which `tokens` was true. */
  at: number;
}

/**
 * A token bucket per client: `burst` requests at once, then `perSecond`. It holds no timers: a bucket is
 * refilled by looking at the clock when its client comes back.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly perSecond: number,
    readonly burst: number,
    private readonly maxClients = MAX_CLIENTS,
  ) {}

  get msPerToken(): number {
    return 1000 / this.perSecond;
  }

  /**
   * Says what a client's bucket holds, of somebody who knows better.
   * @param tokens below zero: the client has taken more than it may, and waits longer.
   */
  set(client: string, tokens: number, now: number): void {
    this.remember(client, { tokens, at: now });
  }

  /**
   * Takes one token.
   * @param now milliseconds of a clock that never goes back.
   * @returns 0 when the request may pass, else the milliseconds until the next token.
   */
  take(client: string, now: number): number {
    const bucket = this.buckets.get(client) ?? { tokens: this.burst, at: now };
    bucket.tokens = Math.min(this.burst, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    this.remember(client, bucket);
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return ((1 - bucket.tokens) / this.perSecond) * 1000;
  }

  /** A Map iterates in order of insertion: set anew, the latest client is the last. */
  private remember(client: string, bucket: Bucket): void {
    this.buckets.delete(client);
    this.buckets.set(client, bucket);
    if (this.buckets.size <= this.maxClients) return;
    const oldest = this.buckets.keys().next().value;
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
