import { Inject, Injectable } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../../base/config/serin-config.js';
import { AppError } from '../../../base/errors/app-error.js';
import { RedisConnection } from '../../redis/redis-connection.js';
import { ApiKeys } from './api-keys.js';
import { RateLimiter } from './rate-limiter.js';
import { Rights } from './rights.js';
import { SharedRateLimiter } from './shared-rate-limiter.js';

/**
 * Decides which clients may send texts, with which rights, and how fast, for any protocol: it knows keys and clients,
 * but no requests.
 */
@Injectable()
export class Access {
  readonly rights: Rights;
  private readonly keys: ApiKeys | null;
  private readonly limiter: Pick<RateLimiter, 'take'> | null = null;

  /** @param redis when given, processes share one rate for each client */
  constructor(
    @Inject(SERIN_CONFIG)
    {
      clients,
      rateLimitPerS,
      rateLimitBurst,
    }: Pick<SerinConfig, 'clients' | 'rateLimitPerS' | 'rateLimitBurst'>,
    @Inject(RedisConnection) redis: RedisConnection | null,
  ) {
    this.keys = clients.length > 0 ? new ApiKeys(clients) : null;
    this.rights = new Rights(clients);
    if (rateLimitPerS === null) return;
    const limiter = new RateLimiter(rateLimitPerS, rateLimitBurst ?? Math.ceil(rateLimitPerS));
    this.limiter = redis === null ? limiter : new SharedRateLimiter(limiter, redis);
  }

  /** True when neither clients nor a rate are configured: every client is admitted. */
  get isOpen(): boolean {
    return this.keys === null && this.limiter === null;
  }

  /** Whether {@link admit} may refuse. */
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
   * Counts one request against the rate of its client. Returns RATE_LIMITED, with the time to wait, when the request
   * comes too early.
   * @param client the client's name: `key:<name>`, or `address:<network>` when no clients are configured
   */
  admit(client: string): AppError | null {
    const retryAfterMs = this.limiter?.take(client, performance.now()) ?? 0;
    if (retryAfterMs === 0) return null;
    return new AppError('RATE_LIMITED', 'This client sends more requests than it may.', { retryAfterMs });
  }
}
