import { Inject, Logger, Module, type OnModuleInit } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { RedisMetrics } from '../observability/redis-metrics.js';
import { RedisConnection } from './redis-connection.js';

/**
 * The connection that everything shared with other processes goes through. It is injected as
 * `@Inject(RedisConnection) redis: RedisConnection | null`, null when REDIS_URL is not set.
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

  /** Nothing waits for it: a start without Redis is as quick as one with it. */
  onModuleInit(): void {
    this.connection?.open();
  }
}
