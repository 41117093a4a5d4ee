import { Module } from '@nestjs/common';
import { InForceModule } from '../in-force/in-force.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { CanaryService } from './canary.service.js';

/** Picks the version that answers a text. */
@Module({
  imports: [InForceModule, ModelRegistryModule],
  providers: [CanaryService],
  exports: [CanaryService],
})
export class CanaryModule {}
