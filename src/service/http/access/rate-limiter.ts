/**
 * Most remembered clients. Beyond this the client that was seen longest ago is forgotten, and starts with a full bucket
 * when it returns.
 */
const MAX_CLIENTS = 10_000;

interface Bucket {
  tokens: number;
  /** `performance.now()` when the bucket held `tokens`. */
  at: number;
}

/** Rounding errors of the refill must not refuse a request that comes exactly when its token is there. */
const ROUNDING = 1e-6;

/**
 * A token bucket per client: `burst` texts at once, then `perSecond`. A request passes while one token is left and
 * takes one for each of its texts, below zero if need be: the client then waits until its debt is paid. It has no
 * timers: a bucket is refilled when its client sends the next request.
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
   * Sets the tokens of a client's bucket to a value from the shared limiter.
   * @param tokens below zero when the client has taken more than it may; it then waits longer
   */
  set(client: string, tokens: number, now: number): void {
    this.remember(client, { tokens, at: now });
  }

  /**
   * Takes one token, if there is one.
   * @param now milliseconds of a monotonic clock
   * @returns 0 when the request may pass, otherwise the milliseconds until one token is there
   */
  take(client: string, now: number): number {
    const bucket = this.refilled(client, now);
    if (bucket.tokens >= 1 - ROUNDING) {
      bucket.tokens -= 1;
      return 0;
    }
    return ((1 - bucket.tokens) / this.perSecond) * 1000;
  }

  /** Takes further tokens for a request that has passed, whether or not the bucket has them. */
  charge(client: string, tokens: number, now: number): void {
    this.refilled(client, now).tokens -= tokens;
  }

  private refilled(client: string, now: number): Bucket {
    const bucket = this.buckets.get(client) ?? { tokens: this.burst, at: now };
    bucket.tokens = Math.min(this.burst, bucket.tokens + ((now - bucket.at) / 1000) * this.perSecond);
    bucket.at = now;
    this.remember(client, bucket);
    return bucket;
  }

  /** A Map iterates in order of insertion, so deleting and setting a client again makes it the last one. */
  private remember(client: string, bucket: Bucket): void {
    this.buckets.delete(client);
    this.buckets.set(client, bucket);
    if (this.buckets.size <= this.maxClients) return;
    const oldest = this.buckets.keys().next().value;
    if (oldest !== undefined) this.buckets.delete(oldest);
  }
}
