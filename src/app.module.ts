import { type DynamicModule, Module } from '@nestjs/common';
import { AdminModule } from './admin/admin.module.js';
import { SerinConfigModule } from './config/config.module.js';
import type { SerinConfig } from './config/serin-config.js';
import { HealthModule } from './health/health.module.js';
import { ModelRegistryModule } from './model-registry/model-registry.module.js';
import { ObservabilityModule } from './observability/observability.module.js';
import { PredictModule } from './predict/predict.module.js';

/** The service, composed. */
@Module({})
export class AppModule {
  static forRoot(config: SerinConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SerinConfigModule.forRoot(config),
        ObservabilityModule,
        ModelRegistryModule,
        PredictModule,
        HealthModule,
        AdminModule,
      ],
    };
  }
}
