import { Module } from '@nestjs/common';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { PredictionCache } from './prediction-cache.js';
import { SECOND_LEVEL } from './second-level.js';

@Module({
  imports: [ModelRegistryModule, InferenceModule],
  providers: [{ provide: SECOND_LEVEL, useValue: null }, PredictionCache],
  exports: [PredictionCache],
})
export class CacheModule {}
