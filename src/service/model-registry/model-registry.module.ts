import { Module } from '@nestjs/common';
import { ModelRegistryService } from './model-registry.service.js';
import { ModelsController } from './models.controller.js';
import { RoleTable } from './role-table.js';

@Module({
  controllers: [ModelsController],
  providers: [RoleTable, ModelRegistryService],
  exports: [RoleTable, ModelRegistryService],
})
export class ModelRegistryModule {}
