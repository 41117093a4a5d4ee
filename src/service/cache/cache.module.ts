import { Module } from '@nestjs/common';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { RedisModule } from '../redis/redis.module.js';
import { PredictionCache } from './prediction-cache.js';
import { SECOND_LEVEL_PROVIDER } from './redis-level.provider.js';

@Module({
  imports: [ModelRegistryModule, InferenceModule, RedisModule],
  providers: [SECOND_LEVEL_PROVIDER, PredictionCache],
  exports: [PredictionCache],
})
export class CacheModule {}
