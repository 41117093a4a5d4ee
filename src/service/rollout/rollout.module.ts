import { Module } from '@nestjs/common';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { AnswersModule } from '../answers/answers.module.js';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { InForceModule } from '../in-force/in-force.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { RolloutMetrics } from '../observability/rollout-metrics.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { RedisModule } from '../redis/redis.module.js';
import { EvidenceBook } from './evidence/evidence-book.js';
import { FileRolloutStore } from './store/file-rollout-store.js';
import { RolloutReporter } from './report/rollout-reporter.js';
import { RolloutAdmin } from './rollout-admin.js';
import { RolloutConfiguration } from './rollout-configuration.js';
import { CanaryFollowUp } from './effects/canary-follow-up.js';
import { ComparedRollouts } from './comparison/compared-rollouts.js';
import { Comparison } from './comparison/comparison.js';
import { EvidenceRecorder } from './comparison/evidence-recorder.js';
import { SpareTime } from './comparison/spare-time.js';
import { RolloutGauges } from './effects/rollout-gauges.js';
import { RolloutMoves } from './effects/rollout-moves.js';
import { RolloutDriver } from './rollout-driver.js';
import { RolloutJudge } from './rollout-judge.js';
import { RolloutService } from './rollout.service.js';
import { RolloutStore } from '../../rollout/rollout-store.js';
import { RolloutVersions } from './rollout-versions.js';
import { VerdictEstimates } from './verdict-estimates.js';
import { SharedRolloutStore } from './store/shared-rollout-store.js';

/**
 * Rollouts: their state, evidence, comparison and judgement, and the effects of a move. It works with and without
 * /admin.
 */
@Module({
  imports: [
    InForceModule,
    ModelRegistryModule,
    RedisModule,
    CanaryModule,
    InferenceModule,
    CacheModule,
    AnswersModule,
  ],
  providers: [
    RolloutVersions,
    RolloutConfiguration,
    RolloutMoves,
    RolloutGauges,
    EvidenceBook,
    RolloutJudge,
    VerdictEstimates,
    RolloutService,
    RolloutAdmin,
    RolloutReporter,
    CanaryFollowUp,
    ComparedRollouts,
    Comparison,
    SpareTime,
    EvidenceRecorder,
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
      // Versions are loaded once all providers exist, so the state must be read here to know which versions to load.
      // The reporter is injected so that it exists first: a rollout may be replaced while the state is read.
      provide: RolloutDriver,
      inject: [
        RolloutService,
        RolloutStore,
        RolloutConfiguration,
        RolloutVersions,
        RolloutJudge,
        EvidenceBook,
        RolloutMetrics,
        VerdictEstimates,
        RolloutReporter,
      ],
      useFactory: async (...parts: ConstructorParameters<typeof RolloutDriver>): Promise<RolloutDriver> => {
        const driver = new RolloutDriver(...parts);
        await driver.begin();
        return driver;
      },
    },
  ],
  exports: [EvidenceBook, RolloutAdmin, RolloutService],
})
export class RolloutModule {}
