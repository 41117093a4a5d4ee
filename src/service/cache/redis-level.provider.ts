import type { FactoryProvider } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { RedisMetrics } from '../observability/redis-metrics.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisLevel } from './redis-level.js';
import { SECOND_LEVEL } from './second-level.js';

/** The second level is Redis when REDIS_URL is set and the memory cache is on; otherwise there is none. */
export const SECOND_LEVEL_PROVIDER: FactoryProvider<RedisLevel | null> = {
  provide: SECOND_LEVEL,
  inject: [SERIN_CONFIG, RedisConnection, RedisMetrics],
  useFactory: (
    { cacheMaxItems, cacheTtlMs }: SerinConfig,
    redis: RedisConnection | null,
    metrics: RedisMetrics,
  ) => (redis === null || cacheMaxItems === 0 ? null : new RedisLevel(redis, { ttlMs: cacheTtlMs }, metrics)),
};
