import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { FeedbackModule } from '../feedback/feedback.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { AnswerRecorder } from '../answers/answer-recorder.js';
import { ComparedRollouts } from '../rollout/comparison/compared-rollouts.js';
import { Comparison } from '../rollout/comparison/comparison.js';
import { SpareTime } from '../rollout/comparison/spare-time.js';
import { PredictController } from './predict.controller.js';
import { PredictService } from '../answers/predict.service.js';

@Module({
  imports: [ModelRegistryModule, CanaryModule, CacheModule, InferenceModule, FeedbackModule],
  controllers: [PredictController],
  providers: [PredictService, AnswerRecorder, ComparedRollouts, Comparison, SpareTime],
})
export class PredictModule {}
