import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { CanaryModule } from '../canary/canary.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { CacheController } from './cache.controller.js';
import { CanaryController } from './canary.controller.js';
import { CanaryFollowUp } from '../rollout/effects/canary-follow-up.js';
import { VersionsController } from './versions.controller.js';

/** What can be changed while the service runs; everything here lies behind the admin token. */
@Module({
  imports: [CacheModule, CanaryModule, InferenceModule, ModelRegistryModule],
  controllers: [CacheController, CanaryController, VersionsController],
  providers: [CanaryFollowUp],
})
export class AdminModule {}
