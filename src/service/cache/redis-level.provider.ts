import type { FactoryProvider } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { ModelRegistryService } from '../model-registry/model-registry.service.js';
import { RedisMetrics } from '../observability/redis-metrics.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisLevel } from './redis-level.js';
import { type CacheKey, SECOND_LEVEL } from './second-level.js';

/** How many scores each version gives. The registry is asked once for each digest: that changes with the version. */
function labelCounts(registry: ModelRegistryService): (key: CacheKey) => number | undefined {
  const known = new Map<string, number>();
  return ({ model, versionDigest }) => {
    if (!known.has(versionDigest)) {
      for (const { version } of registry.describe(model)) {
        if (version !== null) known.set(version.digest, version.manifest.labels.length);
      }
    }
    return known.get(versionDigest);
  };
}

/** The second level: in Redis where REDIS_URL is set and there is a first level to stand behind, else none. */
export const SECOND_LEVEL_PROVIDER: FactoryProvider<RedisLevel | null> = {
  provide: SECOND_LEVEL,
  inject: [SERIN_CONFIG, RedisConnection, ModelRegistryService, RedisMetrics],
  useFactory: (
    { cacheMaxItems, cacheTtlMs }: SerinConfig,
    redis: RedisConnection | null,
    registry: ModelRegistryService,
    metrics: RedisMetrics,
  ) =>
    redis === null || cacheMaxItems === 0
      ? null
      : new RedisLevel(redis, { ttlMs: cacheTtlMs, labelCount: labelCounts(registry) }, metrics),
};
