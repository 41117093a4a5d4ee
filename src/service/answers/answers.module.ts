import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { AnswerObservers } from './answer-observers.js';
import { PredictService } from './predict.service.js';

/** From texts to answers, whatever route they came by. */
@Module({
  imports: [ModelRegistryModule, CanaryModule, CacheModule],
  providers: [AnswerObservers, PredictService],
  exports: [AnswerObservers, PredictService],
})
export class AnswersModule {}
