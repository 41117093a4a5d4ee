import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { AppError } from '../../../base/errors/app-error.js';
import { RedisConnection } from '../../redis/redis-connection.js';
import { ApiKeys } from './api-keys.js';
import { RateLimiter } from './rate-limiter.js';
import { Rights } from './rights.js';
import { SharedRateLimiter } from './shared-rate-limiter.js';

/** All clients that are not known count as one. */
const UNKNOWN = 'address:';

/**
 * Decides which clients may send texts, with which rights, and how fast, for any protocol: it knows keys and clients,
 * but no requests.
 */
@Injectable()
export class Access {
  readonly rights: Rights;
  private readonly keys: ApiKeys | null;
  /** The rate, for messages. */
  private readonly allowed: string = '';
  private readonly limiter: Pick<RateLimiter, 'take' | 'charge'> | null = null;

  /** @param redis when given, processes share one rate for each client */
  constructor(
    @Inject(SERIN_CONFIG)
    {
      clients,
      rateLimitPerS,
      rateLimitBurst,
      maxTexts,
    }: Pick<SerinConfig, 'clients' | 'rateLimitPerS' | 'rateLimitBurst' | 'maxTexts'>,
    @Inject(RedisConnection) redis: RedisConnection | null,
  ) {
    this.keys = clients.length > 0 ? new ApiKeys(clients) : null;
    this.rights = new Rights(clients);
    if (rateLimitPerS === null) return;
    const burst = rateLimitBurst ?? Math.ceil(rateLimitPerS);
    const limiter = new RateLimiter(rateLimitPerS, burst);
    this.limiter = redis === null ? limiter : new SharedRateLimiter(limiter, redis, maxTexts);
    this.allowed = `${String(rateLimitPerS)} per second, ${String(burst)} at once`;
  }

  /** True when neither clients nor a rate are configured: every client is admitted. */
  get isOpen(): boolean {
    return this.keys === null && this.limiter === null;
  }

  /** Whether {@link admit} may refuse, and {@link charge} has to be called. */
  get limitsRate(): boolean {
    return this.limiter !== null;
  }

  /**
   * Returns the name of the client that has the key; UNAUTHENTICATED for a missing or unknown key; null when no clients are configured.
   * @param key as the client sent it
   */
  authenticate(key: string | undefined): string | null | AppError {
    if (this.keys === null) return null;
    const name = key === undefined ? undefined : this.keys.nameOf(key);
    if (name !== undefined) return name;
    const sentence = key === undefined ? 'No API key came with the request.' : 'The API key is not known.';
    return new AppError(
      'UNAUTHENTICATED',
      `${sentence} Send one as \`x-api-key\` or \`Authorization: Bearer\`.`,
    );
  }

  /**
   * Counts the first text of a request against the rate of its client, before its other texts are known. Returns
   * RATE_LIMITED, with the time until one text may come, when the request comes too early.
   * @param client the client's name: `key:<name>`, or `address:<network>` when no clients are configured; null
   *   when it is not known
   */
  admit(client: string | null): AppError | null {
    const retryAfterMs = this.limiter?.take(client ?? UNKNOWN, performance.now()) ?? 0;
    if (retryAfterMs === 0) return null;
    const message = `This client has sent more texts than it may: ${this.allowed}.`;
    return new AppError('RATE_LIMITED', message, { retryAfterMs });
  }

  /**
   * Counts the other texts of a request that was admitted. They are never refused: when there are more of them than the
   * client may send now, its next request has to wait.
   * @param texts all texts of the request, the first one included
   */
  charge(client: string | null, texts: number): void {
    if (texts > 1) this.limiter?.charge(client ?? UNKNOWN, texts - 1, performance.now());
  }
}
