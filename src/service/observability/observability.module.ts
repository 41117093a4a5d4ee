import { Global, Module } from '@nestjs/common';
import { PrometheusModule } from '@willsoto/nestjs-prometheus';
import { CacheMetrics } from './cache-metrics.js';
import { ComparisonMetrics } from './comparison-metrics.js';
import { FeedbackMetrics } from './feedback-metrics.js';
import { Lifecycle } from '../request/lifecycle.js';
import { RequestObservers } from '../request/request-observers.js';
import { MetricSources } from './metric-sources.js';
import { METRIC_TABLE } from './metric-table.js';
import { RolloutMetrics } from './rollout-metrics.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { RedisMetrics } from './redis-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { Tallies } from './tallies.js';

/** Provides metrics, request observers and the process' phase to every module. */
@Global()
@Module({
  imports: [
    PrometheusModule.register({
      controller: MetricsController,
      defaultMetrics: { enabled: true, config: { prefix: 'serin_' } },
    }),
  ],
  providers: [
    Lifecycle,
    RequestObservers,
    RequestMetrics,
    MetricSources,
    Tallies,
    Metrics,
    CacheMetrics,
    ComparisonMetrics,
    FeedbackMetrics,
    RedisMetrics,
    RolloutMetrics,
    ...METRIC_TABLE.map(({ provider }) => provider),
  ],
  exports: [
    Lifecycle,
    RequestObservers,
    Metrics,
    CacheMetrics,
    ComparisonMetrics,
    FeedbackMetrics,
    RedisMetrics,
    RolloutMetrics,
  ],
})
export class ObservabilityModule {}
