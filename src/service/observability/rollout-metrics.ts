import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { MetricSources } from './metric-sources.js';
import { METRIC } from './metric-table.js';

/** One model's rollout, as a dashboard wants it. */
export interface RolloutObservation {
  readonly model: string;
  /** Empty without a canary. */
  readonly canary: string;
  /** Effective share, 0 to 100. */
  readonly percent: number;
  readonly phase: string;
  /** Empty while there is nothing to judge. */
  readonly verdict: string;
}

/** Writes how rollouts stand and what moved them. */
@Injectable()
export class RolloutMetrics {
  @InjectMetric(METRIC.canaryPercent) private readonly percent!: Gauge;
  @InjectMetric(METRIC.rolloutPhase) private readonly phase!: Gauge;
  @InjectMetric(METRIC.rolloutVerdict) private readonly verdict!: Gauge;
  @InjectMetric(METRIC.rolloutMoves) private readonly moves!: Counter;

  private readonly last = new Map<string, RolloutObservation>();

  constructor(private readonly sources: MetricSources) {}

  observe(now: RolloutObservation): void {
    const { model } = now;
    const before = this.last.get(model);
    this.last.set(model, now);
    if (before !== undefined && before.canary !== now.canary) {
      this.percent.remove({ model, version: before.canary });
    }
    if (before !== undefined && before.phase !== now.phase) this.phase.set({ model, phase: before.phase }, 0);
    if (before !== undefined && before.verdict !== now.verdict && before.verdict !== '') {
      this.verdict.set({ model, verdict: before.verdict }, 0);
    }
    this.percent.set({ model, version: now.canary }, now.percent);
    this.phase.set({ model, phase: now.phase }, 1);
    if (now.verdict !== '') this.verdict.set({ model, verdict: now.verdict }, 1);
  }

  moved(model: string, move: string, cause: string): void {
    this.moves.inc({ model, move, cause });
  }

  /** @param source called at every scrape: texts of each model's canary that are being answered. */
  setInFlightSource(source: () => ReadonlyMap<string, number>): void {
    this.sources.canaryInFlight = source;
  }
}
