import { Module } from '@nestjs/common';
import { InferenceModule } from '../inference/inference.module.js';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { VersionsController } from './versions.controller.js';

/** What can be changed while the service runs; everything here lies behind the admin token. */
@Module({ imports: [InferenceModule, ModelRegistryModule], controllers: [VersionsController] })
export class AdminModule {}
