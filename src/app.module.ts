import { type DynamicModule, Module } from '@nestjs/common';
import { AdminModule } from './service/admin/admin.module.js';
import { SerinConfigModule } from './service/config/config.module.js';
import type { SerinConfig } from './base/config/serin-config.js';
import { HealthModule } from './service/health/health.module.js';
import { ModelRegistryModule } from './service/model-registry/model-registry.module.js';
import { ObservabilityModule } from './service/observability/observability.module.js';
import { PredictModule } from './service/predict/predict.module.js';

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
