import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { AnswerObservers } from './answer-observers.js';
import { Answers } from './answers.js';

/** From texts to results, whatever the wire format. */
@Module({
  imports: [ModelRegistryModule, CanaryModule, CacheModule, InferenceModule],
  providers: [AnswerObservers, Answers],
  exports: [AnswerObservers, Answers],
})
export class AnswersModule {}
