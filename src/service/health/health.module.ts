import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { RolloutModule } from '../rollout/rollout.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { RedisModule } from '../redis/redis.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { TokenizationModule } from '../tokenization/tokenization.module.js';
import { GoldenReplay } from './golden-replay.js';
import { HealthController } from './health.controller.js';
import { HealthIndicators } from './health-indicators.js';
import { Readiness } from './readiness.js';

@Module({
  // Terminus would log every failed check at every probe; HealthIndicators logs only changes.
  imports: [
    TerminusModule.forRoot({ logger: false }),
    ModelRegistryModule,
    RolloutModule,
    InferenceModule,
    RedisModule,
    TokenizationModule,
  ],
  controllers: [HealthController],
  providers: [Readiness, HealthIndicators, GoldenReplay],
})
export class HealthModule {}
