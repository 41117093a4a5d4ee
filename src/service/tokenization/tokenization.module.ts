import { Module } from '@nestjs/common';
import { ModelRegistryModule } from '../model-registry/model-registry.module.js';
import { TokenizationService } from './tokenization.service.js';

@Module({ imports: [ModelRegistryModule], providers: [TokenizationService], exports: [TokenizationService] })
export class TokenizationModule {}
