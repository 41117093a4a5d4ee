import { Module } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisModule } from '../redis/redis.module.js';
import { CanaryService } from './canary.service.js';
import { EvidenceBook } from '../rollout/evidence/evidence-book.js';
import { FileRolloutStore } from '../rollout/store/file-rollout-store.js';
import { RolloutReporter } from '../rollout/report/rollout-reporter.js';
import { RolloutAdmin } from '../rollout/rollout-admin.js';
import { RolloutConfiguration } from '../rollout/rollout-configuration.js';
import { RolloutContext } from '../rollout/rollout-context.js';
import { RolloutEffects } from '../rollout/effects/rollout-effects.js';
import { RolloutJudge } from '../rollout/rollout-judge.js';
import { RolloutService } from '../rollout/rollout.service.js';
import { RolloutStore } from '../../rollout/rollout-store.js';
import { RolloutVersions } from '../rollout/rollout-versions.js';
import { SharedRolloutStore } from '../rollout/store/shared-rollout-store.js';

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
