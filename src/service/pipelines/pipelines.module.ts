import { Module } from '@nestjs/common';
import { AnswersModule } from '../answers/answers.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { Pipelines } from './pipelines.js';

/** Answers that are made of the answers of several versions. */
@Module({
  imports: [InferenceModule, ModelRegistryModule, AnswersModule],
  providers: [Pipelines],
  exports: [Pipelines],
})
export class PipelinesModule {}
