import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge, Histogram } from 'prom-client';
import { METRIC } from './metric-table.js';

const BREAKER_STATES = ['closed', 'open', 'half_open'];
const FAILURES = ['connect', 'lost', 'command', 'refused'];
const LOOKUP_OUTCOMES = ['answered', 'too_late', 'failed', 'refused', 'away'];
const DROP_REASONS = ['backlog', 'failed', 'refused', 'unfit', 'away'];
const REFUSALS = ['full', 'read_only'];

/** Writes the metrics of the Redis connection and of the second cache level. */
@Injectable()
export class RedisMetrics {
  @InjectMetric(METRIC.redisUp) private readonly up!: Gauge;
  @InjectMetric(METRIC.redisRefuses) private readonly refuses!: Gauge;
  @InjectMetric(METRIC.redisErrors) private readonly errors!: Counter;
  @InjectMetric(METRIC.redisLookups) private readonly lookups!: Counter;
  @InjectMetric(METRIC.redisLookupSeconds) private readonly lookupSeconds!: Histogram;
  @InjectMetric(METRIC.redisDroppedWrites) private readonly droppedWrites!: Counter;
  @InjectMetric(METRIC.redisBreakerState) private readonly breakerState!: Gauge;

  /**
   * Sets every series to 0, when Redis is configured: a counter that never counted is absent from a scrape, and alerts
   * on its rate would never fire.
   */
  start(): void {
    for (const failure of FAILURES) this.errors.inc({ failure }, 0);
    for (const outcome of LOOKUP_OUTCOMES) this.lookups.inc({ outcome }, 0);
    for (const reason of DROP_REASONS) this.droppedWrites.inc({ reason }, 0);
    this.refusesWrites(null);
  }

  linkIsUp(link: string, isUp: boolean): void {
    this.up.set({ link }, isUp ? 1 : 0);
  }

  failed(failure: string): void {
    this.errors.inc({ failure });
  }

  /** @param kind why the server takes no writes; null when it takes them */
  refusesWrites(kind: string | null): void {
    for (const each of REFUSALS) this.refuses.set({ why: each }, each === kind ? 1 : 0);
  }

  /** @param waitedMs how long a request waited; 0 when Redis was not asked */
  lookup(outcome: string, waitedMs: number): void {
    this.lookups.inc({ outcome });
    if (waitedMs > 0) this.lookupSeconds.observe(waitedMs / 1000);
  }

  dropped(reason: string, entries: number): void {
    this.droppedWrites.inc({ reason }, entries);
  }

  breakerIs(state: string): void {
    for (const each of BREAKER_STATES) this.breakerState.set({ state: each }, each === state ? 1 : 0);
  }
}
