import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { CanaryService } from './canary.service.js';

@Module({ imports: [ModelRegistryModule], providers: [CanaryService], exports: [CanaryService] })
export class CanaryModule {}
