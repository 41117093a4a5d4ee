import { Module } from '@nestjs/common';
import { CanaryModule } from '../canary/canary.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { PredictController } from './predict.controller.js';
import { PredictService } from './predict.service.js';

@Module({
  imports: [ModelRegistryModule, CanaryModule, InferenceModule],
  controllers: [PredictController],
  providers: [PredictService],
})
export class PredictModule {}
