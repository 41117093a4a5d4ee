import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { PredictController } from './predict.controller.js';
import { PredictService } from './predict.service.js';

@Module({
  imports: [ModelRegistryModule, CanaryModule, CacheModule],
  controllers: [PredictController],
  providers: [PredictService],
})
export class PredictModule {}
