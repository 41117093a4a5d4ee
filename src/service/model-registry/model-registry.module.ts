import { Module } from '@nestjs/common';
import { InForceModule } from '../in-force/in-force.module.js';
import { ModelRegistryService } from './model-registry.service.js';
import { ModelsController } from './models.controller.js';

@Module({
  imports: [InForceModule],
  controllers: [ModelsController],
  providers: [ModelRegistryService],
  exports: [ModelRegistryService],
})
export class ModelRegistryModule {}
