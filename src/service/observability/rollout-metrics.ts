import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { MetricSources } from './metric-sources.js';
import { METRIC } from './metric-table.js';

/** The state of one model's rollout, for dashboards. */
export interface RolloutObservation {
  readonly model: string;
  /** Empty without a canary. */
  readonly canary: string;
  /** Effective share in percent, 0 to 100. */
  readonly percent: number;
  readonly phase: string;
}

/** Writes the metrics of the rollouts' states, verdicts and moves. */
@Injectable()
export class RolloutMetrics {
  @InjectMetric(METRIC.canaryPercent) private readonly percent!: Gauge;
  @InjectMetric(METRIC.canaryUnjudged) private readonly unjudgedCanary!: Gauge;
  @InjectMetric(METRIC.rolloutPhase) private readonly phase!: Gauge;
  @InjectMetric(METRIC.rolloutVerdict) private readonly verdict!: Gauge;
  @InjectMetric(METRIC.rolloutMoves) private readonly moves!: Counter;

  private readonly last = new Map<string, RolloutObservation>();
  private readonly lastVerdict = new Map<string, string>();

  constructor(private readonly sources: MetricSources) {}

  observe(now: RolloutObservation): void {
    const { model } = now;
    const before = this.last.get(model);
    this.last.set(model, now);
    if (before !== undefined && before.canary !== now.canary) {
      this.percent.remove({ model, version: before.canary });
    }
    if (before !== undefined && before.phase !== now.phase) this.phase.set({ model, phase: before.phase }, 0);
    this.percent.set({ model, version: now.canary }, now.percent);
    this.phase.set({ model, phase: now.phase }, 1);
  }

  /** @param verdict null while there is no evidence to judge */
  judged(model: string, verdict: string | null): void {
    const before = this.lastVerdict.get(model);
    if (before !== undefined && before !== verdict) this.verdict.set({ model, verdict: before }, 0);
    if (verdict === null) {
      this.lastVerdict.delete(model);
      return;
    }
    this.lastVerdict.set(model, verdict);
    this.verdict.set({ model, verdict }, 1);
  }

  /** @param isUnjudged whether the canary answers users and nothing compares its answers */
  unjudged(model: string, isUnjudged: boolean): void {
    this.unjudgedCanary.set({ model }, isUnjudged ? 1 : 0);
  }

  moved(model: string, move: string, cause: string): void {
    this.moves.inc({ model, move, cause });
  }

  /** @param source called at every scrape; returns by model the number of the canary's texts in flight */
  setInFlightSource(source: () => ReadonlyMap<string, number>): void {
    this.sources.canaryInFlight = source;
  }
}
