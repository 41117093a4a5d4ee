import { Module } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisModule } from '../redis/redis.module.js';
import { CanaryService } from './canary.service.js';
import { EvidenceBook } from './evidence-book.js';
import { FileRolloutStore } from './file-rollout-store.js';
import { RolloutReporter } from './report/rollout-reporter.js';
import { RolloutAdmin } from './rollout-admin.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { RolloutContext } from './rollout-context.js';
import { RolloutEffects } from './rollout-effects.js';
import { RolloutJudge } from './rollout-judge.js';
import { RolloutService } from './rollout.service.js';
import { RolloutStore } from './rollout-store.js';
import { RolloutVersions } from './rollout-versions.js';
import { SharedRolloutStore } from './shared-rollout-store.js';

@Module({
  imports: [ModelRegistryModule, RedisModule],
  providers: [
    CanaryService,
    RolloutVersions,
    RolloutConfiguration,
    RolloutEffects,
    EvidenceBook,
    RolloutJudge,
    RolloutContext,
    RolloutAdmin,
    RolloutReporter,
    {
      provide: RolloutStore,
      inject: [SERIN_CONFIG, RedisConnection],
      useFactory: ({ stateDir }: SerinConfig, redis: RedisConnection | null): RolloutStore => {
        return redis === null
          ? new FileRolloutStore(stateDir, 'state')
          : new SharedRolloutStore(new FileRolloutStore(stateDir, 'copy'), redis);
      },
    },
    {
      // Versions are loaded once everything is put together: by then the state has to say which are wanted. The
      // reporter is made first: a rollout may be replaced while the state is being read.
      provide: RolloutService,
      inject: [RolloutStore, RolloutContext, RolloutReporter],
      useFactory: async (store: RolloutStore, context: RolloutContext): Promise<RolloutService> => {
        const service = new RolloutService(store, context);
        await service.begin();
        return service;
      },
    },
  ],
  exports: [CanaryService, EvidenceBook, RolloutAdmin, RolloutConfiguration, RolloutEffects, RolloutService],
})
export class CanaryModule {}
