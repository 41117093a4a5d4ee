import { Inject, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { RedisMetrics } from '../observability/redis-metrics.js';
import { RedisConnection } from './redis-connection.js';

/**
 * The connection for everything that is shared with other processes. It is null when REDIS_URL is not set. Inject it as
 * `@Inject(RedisConnection) redis: RedisConnection | null`.
 */
@Module({
  providers: [
    {
      provide: RedisConnection,
      inject: [SERIN_CONFIG, RedisMetrics],
      useFactory: ({ redisUrl }: SerinConfig, metrics: RedisMetrics): RedisConnection | null => {
        if (redisUrl === null) return null;
        metrics.start();
        return new RedisConnection(redisUrl, new Logger('Redis'), metrics);
      },
    },
  ],
  exports: [RedisConnection],
})
export class RedisModule implements OnModuleInit {
  constructor(@Inject(RedisConnection) private readonly connection: RedisConnection | null) {}

  /** The start does not wait for the connection: it is as fast without Redis as with it. */
  onModuleInit(): void {
    this.connection?.open();
  }
}
