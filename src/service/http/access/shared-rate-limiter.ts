import { createHash } from 'node:crypto';
import type { RedisConnection } from '../../redis/redis-connection.js';
import { type RedisScript, redisScript } from '../../redis/redis-script.js';
import type { RateLimiter } from './rate-limiter.js';

/** How often a process reports its clients' tokens to Redis. */
const EXCHANGE_MS = 100;

/**
 * Bounds of the longest debt of a client, which is limited because the server's clock may jump. A debt of a minute can
 * come from many processes that each admit a few requests too many.
 */
const DEBT_MS = { least: 60_000, most: 24 * 3_600_000 };

/**
 * Charges clients in the buckets that all processes share. A bucket is one number: the time at which it is full again
 * (the theoretical arrival time of the generic cell rate algorithm, ITU-T I.371). Its key expires when the bucket is
 * full. Tokens are charged at the time at which they were taken, not at the present time: a client that keeps to the
 * rate has no debt.
 * ARGV: milliseconds per token, the longest time to full, then for each key: tokens, and milliseconds since the first
 * token. Returns for each key the milliseconds until its bucket is full, as text.
 */
const CHARGE: RedisScript<number[]> = redisScript(
  `local time = redis.call('TIME')
   local now = time[1] * 1000 + time[2] / 1000
   local answer = {}
   for i, key in ipairs(KEYS) do
     local full = tonumber(redis.call('GET', key) or '')
     local since = now - ARGV[2 * i + 2]
     if not full or full < since then full = since end
     full = math.min(full + ARGV[2 * i + 1] * ARGV[1], now + ARGV[2])
     if full > now then
       redis.call('SET', key, string.format('%.3f', full), 'PX', math.ceil(full - now))
     else
       redis.call('DEL', key)
     end
     answer[i] = string.format('%.3f', math.max(0, full - now))
   end
   return answer`,
  (reply) => (reply as string[]).map(Number),
);

interface Taken {
  tokens: number;
  /** `performance.now()` of the first token. */
  readonly since: number;
}

/** Hashes the client, because Redis need not know names of keys or addresses. */
const redisKey = (client: string): string =>
  `serin:rate:1:${createHash('sha256').update(client).digest('hex').slice(0, 32)}`;

/**
 * Enforces one rate per client over all processes on one Redis. Each process decides at once by its own bucket, and
 * about ten times a second the processes exchange the tokens taken. In any time t, n processes together admit requests
 * as long as fewer than `burst + rate × t` tokens are taken, plus, for each process but one, the tokens that its own
 * bucket held before the exchange: at most `burst + rate × 0.1 s`. Tokens beyond that, and those that the last requests
 * took below zero, are a debt that the client must wait for, so the rate holds in the long run. Without Redis each
 * process limits on its own.
 */
export class SharedRateLimiter {
  private taken = new Map<string, Taken>();
  private isExchanging = false;
  /** The longest time to full, in milliseconds. */
  private readonly longestMs: number;

  /** @param mostTextsPerRequest bounds the debt of a client */
  constructor(
    private readonly local: RateLimiter,
    private readonly redis: Pick<RedisConnection, 'isUp' | 'run'>,
    mostTextsPerRequest: number,
  ) {
    const { burst, msPerToken } = local;
    // As many requests as the burst allows may come at once, each with as many texts as it may have.
    const debtMs = burst * mostTextsPerRequest * msPerToken;
    this.longestMs = burst * msPerToken + Math.min(DEBT_MS.most, Math.max(DEBT_MS.least, debtMs));
  }

  /** Takes one token, as {@link RateLimiter.take} does. */
  take(client: string, now: number): number {
    const waitMs = this.local.take(client, now);
    if (waitMs === 0) this.note(client, 1, now);
    return waitMs;
  }

  /** Takes further tokens, as {@link RateLimiter.charge} does. */
  charge(client: string, tokens: number, now: number): void {
    this.local.charge(client, tokens, now);
    this.note(client, tokens, now);
  }

  /** Notes tokens that were taken here for the next exchange. */
  private note(client: string, tokens: number, now: number): void {
    if (!this.redis.isUp) return;
    const taken = this.taken.get(client);
    if (taken === undefined) this.taken.set(client, { tokens, since: now });
    else taken.tokens += tokens;
    this.exchangeSoon();
  }

  private exchangeSoon(): void {
    if (this.isExchanging) return;
    this.isExchanging = true;
    setTimeout(() => {
      void this.exchange();
    }, EXCHANGE_MS).unref();
  }

  private async exchange(): Promise<void> {
    const { local } = this;
    const now = performance.now();
    const charged = [...this.taken];
    this.taken = new Map();
    const args = charged.flatMap(([, { tokens, since }]) => [String(tokens), (now - since).toFixed(3)]);
    try {
      const keys = charged.map(([client]) => redisKey(client));
      const fullInMs = await this.redis.run(CHARGE, keys, [
        String(local.msPerToken),
        String(this.longestMs),
        ...args,
      ]);
      charged.forEach(([client], i) => {
        const tokens = local.burst - (fullInMs[i] ?? 0) / local.msPerToken;
        local.set(client, tokens - (this.taken.get(client)?.tokens ?? 0), performance.now());
      });
    } catch {
      // Redis is away or takes no writes, which its connection has logged. The tokens taken stay counted in the local buckets.
    }
    this.isExchanging = false;
    if (this.taken.size > 0) this.exchangeSoon();
  }
}
