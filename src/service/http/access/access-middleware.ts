import type { RequestHandler } from 'express';
import type { SerinConfig } from '../../../base/config/serin-config.js';
import { AppError } from '../../../base/errors/app-error.js';
import { contextOf } from '../../request/request-context.js';
import { ApiKeys, keyFrom } from './api-keys.js';
import type { RedisConnection } from '../../redis/redis-connection.js';
import { RateLimiter } from './rate-limiter.js';
import { SharedRateLimiter } from './shared-rate-limiter.js';

function authenticate(keys: ApiKeys): RequestHandler {
  return (request, response, next): void => {
    const key = keyFrom(request.headers);
    const name = key === undefined ? undefined : keys.nameOf(key);
    if (name === undefined) {
      const sentence = key === undefined ? 'No API key came with the request.' : 'The API key is not known.';
      next(
        new AppError(
          'UNAUTHENTICATED',
          `${sentence} Send one as \`x-api-key\` or \`Authorization: Bearer\`.`,
        ),
      );
      return;
    }
    const context = contextOf(response);
    if (context !== undefined) context.apiKeyName = name;
    next();
  };
}

function limitRate(limiter: Pick<RateLimiter, 'take'>): RequestHandler {
  return (_request, response, next): void => {
    const client = contextOf(response)?.client ?? 'address:';
    const retryAfterMs = limiter.take(client, performance.now());
    if (retryAfterMs === 0) {
      next();
      return;
    }
    next(new AppError('RATE_LIMITED', 'This client sends more requests than it may.', { retryAfterMs }));
  };
}

/**
 * Who may send texts, and how fast; checked before the body is read. Nothing of it is there when nothing is
 * configured.
 * @param redis with it, processes share one rate for each client.
 */
export function accessMiddleware(
  { apiKeys, rateLimitPerS, rateLimitBurst }: SerinConfig,
  redis: RedisConnection | null,
): RequestHandler[] {
  const handlers: RequestHandler[] = [];
  if (apiKeys.length > 0) handlers.push(authenticate(new ApiKeys(apiKeys)));
  if (rateLimitPerS !== null) {
    const burst = rateLimitBurst ?? Math.ceil(rateLimitPerS);
    const limiter = new RateLimiter(rateLimitPerS, burst);
    handlers.push(limitRate(redis === null ? limiter : new SharedRateLimiter(limiter, redis)));
  }
  return handlers;
}
