import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { METRIC } from './metric-table.js';

/**
 * Why a text was not compared. not_sampled: outside sample_percent. budget: beyond budget_percent. busy: users' texts
 * were waiting. pool_not_whole: a worker was being replaced. shutting_down: the service is shutting down. backlog: too
 * many texts wait already. underway: the same text is being compared. refused: the executor did not admit it. too_late:
 * no worker was idle in time. empty: the other version's tokenizer leaves nothing of the text. fault: a fault of the service.
 */
export type SkipReason = (typeof SKIP_REASONS)[number];

export const SKIP_REASONS = [
  'not_sampled',
  'budget',
  'busy',
  'pool_not_whole',
  'shutting_down',
  'backlog',
  'underway',
  'refused',
  'too_late',
  'empty',
  'fault',
] as const;

/** Writes the metrics of the comparison's progress. Its findings are evidence, and appear in GET /admin/canary. */
@Injectable()
export class ComparisonMetrics implements OnModuleInit {
  @InjectMetric(METRIC.comparisons) private readonly comparisons!: Counter;
  @InjectMetric(METRIC.comparisonSkipped) private readonly skips!: Counter;

  /** Sets every series to 0: a counter that never counted is absent from a scrape. */
  onModuleInit(): void {
    for (const reason of SKIP_REASONS) this.skips.inc({ reason }, 0);
  }

  /** @param kind `repeat` when the text had been compared before, so that no computation and no look-up was needed */
  compared(kind: 'pair' | 'repeat'): void {
    this.comparisons.inc({ kind });
  }

  skipped(reason: SkipReason): void {
    this.skips.inc({ reason });
  }
}
