import { type DynamicModule, Module } from '@nestjs/common';
import type { SerinConfig } from './base/config/serin-config.js';
import { AdminModule } from './service/admin/admin.module.js';
import { AnswersModule } from './service/answers/answers.module.js';
import { CacheModule } from './service/cache/cache.module.js';
import { CanaryModule } from './service/canary/canary.module.js';
import { SerinConfigModule } from './service/config/config.module.js';
import { DialectsModule } from './service/dialects/dialects.module.js';
import { FeedbackModule } from './service/feedback/feedback.module.js';
import { HealthModule } from './service/health/health.module.js';
import { HttpModule } from './service/http/http.module.js';
import { InForceModule } from './service/in-force/in-force.module.js';
import { InferenceModule } from './service/inference/inference.module.js';
import { ModelRegistryModule } from './service/model-registry/model-registry.module.js';
import type { LineLogger } from './service/observability/logger.js';
import { ObservabilityModule } from './service/observability/observability.module.js';
import { PipelinesModule } from './service/pipelines/pipelines.module.js';
import { PredictModule } from './service/predict/predict.module.js';
import { RedisModule } from './service/redis/redis.module.js';
import { RolloutModule } from './service/rollout/rollout.module.js';
import { TokenizationModule } from './service/tokenization/tokenization.module.js';

/** The whole service: every module, each listed after the modules that it needs. */
@Module({})
export class AppModule {
  static forRoot(config: SerinConfig, logger: LineLogger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SerinConfigModule.forRoot(config),
        ObservabilityModule,
        RedisModule,
        HttpModule.forRoot(logger),
        InForceModule,
        ModelRegistryModule,
        TokenizationModule,
        InferenceModule,
        CanaryModule,
        CacheModule,
        AnswersModule,
        PipelinesModule,
        DialectsModule,
        PredictModule,
        RolloutModule,
        FeedbackModule,
        HealthModule,
        AdminModule,
      ],
    };
  }
}
