import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { Executor } from './executor.js';
import { PoolExecutor } from './pool-executor.js';
import { InferencePoolStatus } from './pool-status.js';

@Module({
  imports: [ModelRegistryModule],
  providers: [
    PoolExecutor,
    { provide: Executor, useExisting: PoolExecutor },
    { provide: InferencePoolStatus, useExisting: PoolExecutor },
  ],
  exports: [Executor, InferencePoolStatus],
})
export class InferenceModule {}
