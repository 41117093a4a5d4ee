import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { CanaryService } from './canary.service.js';

/** Which version answers whom. */
@Module({ imports: [ModelRegistryModule], providers: [CanaryService], exports: [CanaryService] })
export class CanaryModule {}
