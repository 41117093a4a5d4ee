import { Global, Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { SERIN_CONFIG, type SerinConfig } from '../config/serin-config.js';
import { AnswerInterceptor } from './answer.interceptor.js';
import { Lifecycle } from './lifecycle.js';
import { createLogger, LOGGER } from './logger.js';
import { MetricSources } from './metric-sources.js';
import { METRIC_PROVIDERS } from './metric-table.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

/** Log, metrics and the process' phase, for every module. */
@Global()
@Module({
  imports: [
    PrometheusModule.register({
      controller: MetricsController,
      defaultMetrics: { enabled: true, config: { prefix: 'serin_' } },
    }),
  ],
  providers: [
    {
      provide: LOGGER,
      inject: [SERIN_CONFIG],
      useFactory: (config: SerinConfig) => createLogger(config.logLevel),
    },
    { provide: APP_INTERCEPTOR, useClass: AnswerInterceptor },
    Lifecycle,
    MetricSources,
    Metrics,
    ...METRIC_PROVIDERS,
  ],
  exports: [LOGGER, Lifecycle, Metrics],
})
export class ObservabilityModule {}
