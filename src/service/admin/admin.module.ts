import { Module } from '@nestjs/common';
import { CacheModule } from '../cache/cache.module.js';
import { RolloutModule } from '../rollout/rollout.module.js';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { CacheController } from './cache.controller.js';
import { CanaryController } from './canary.controller.js';
import { ClientsController } from './clients.controller.js';
import { VersionsController } from './versions.controller.js';

/** The routes for operators; all of them require the admin token. */
@Module({
  imports: [CacheModule, RolloutModule, InferenceModule, ModelRegistryModule],
  controllers: [CacheController, CanaryController, ClientsController, VersionsController],
})
export class AdminModule {}
