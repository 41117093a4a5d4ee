import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter } from 'prom-client';
import { METRIC } from './metric-table.js';

/**
 * Why a text was not compared. not_sampled: outside sample_percent. budget: beyond budget_percent. busy: users waited.
 * pool_not_whole: a worker was being replaced. backlog: too many wait already. underway: the same text is being compared.
 * refused: the executor would not take it. too_late: no worker was idle in time. fault: a fault of ours.
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
  'fault',
] as const;

/** Writes how the comparison of two versions gets on; what it found is evidence, and stands in GET /admin/canary. */
@Injectable()
export class ComparisonMetrics implements OnModuleInit {
  @InjectMetric(METRIC.comparisons) private readonly comparisons!: Counter;
  @InjectMetric(METRIC.comparisonSkipped) private readonly skips!: Counter;

  /** A counter that never counted is absent from a scrape. */
  onModuleInit(): void {
    for (const reason of SKIP_REASONS) this.skips.inc({ reason }, 0);
  }

  /** @param kind `repeat`: the text was compared before, and nothing was computed or looked up for it */
  compared(kind: 'pair' | 'repeat'): void {
    this.comparisons.inc({ kind });
  }

  skipped(reason: SkipReason): void {
    this.skips.inc({ reason });
  }
}
