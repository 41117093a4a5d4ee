import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { METRIC } from './metric-table.js';

/** Writes the metrics of feedback: accuracy and business figures per version. */
@Injectable()
export class FeedbackMetrics {
  @InjectMetric(METRIC.feedbackLabels) private readonly labels!: Counter;
  @InjectMetric(METRIC.feedbackKpis) private readonly kpis!: Counter;
  @InjectMetric(METRIC.feedbackKpiSum) private readonly kpiSum!: Gauge;

  label(model: string, version: string, correct: boolean): void {
    this.labels.inc({ model, version, correct: String(correct) });
  }

  /** @param kpi may be negative, so its sum is a gauge */
  kpi(model: string, version: string, kpi: number): void {
    this.kpis.inc({ model, version });
    this.kpiSum.inc({ model, version }, kpi);
  }
}
