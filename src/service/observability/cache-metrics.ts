import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Counter, Histogram } from 'prom-client';
import { MetricSources, type CacheSize } from './metric-sources.js';
import { METRIC } from './metric-table.js';
import { Tallies } from './tallies.js';

const REMOVAL_REASONS = ['evicted', 'expired', 'purged'];

/** The outcomes of one request's texts; each text counts once. */
export interface CacheCounts {
  readonly memory: number;
  readonly redis: number;
  readonly joins: number;
  readonly misses: number;
}

/** Writes the metrics of the prediction cache. */
@Injectable()
export class CacheMetrics implements OnModuleInit {
  @InjectMetric(METRIC.cacheMisses) private readonly misses!: Counter;
  @InjectMetric(METRIC.cacheJoins) private readonly joins!: Counter;
  @InjectMetric(METRIC.cacheRemovals) private readonly removals!: Counter;
  @InjectMetric(METRIC.cacheLookupSeconds) private readonly lookupSeconds!: Histogram;

  constructor(
    private readonly sources: MetricSources,
    private readonly tallies: Tallies,
  ) {}

  /**
   * Sets every series to 0: a counter that never counted is absent from a scrape, and a hit rate computed from it would
   * be NaN.
   */
  onModuleInit(): void {
    this.tallies.cacheHits.add(0, 'memory');
    this.tallies.cacheHits.add(0, 'redis');
    for (const reason of REMOVAL_REASONS) this.removals.inc({ reason }, 0);
  }

  count({ memory, redis, joins, misses }: CacheCounts): void {
    if (memory > 0) this.tallies.cacheHits.add(memory, 'memory');
    if (redis > 0) this.tallies.cacheHits.add(redis, 'redis');
    if (joins > 0) this.joins.inc(joins);
    if (misses > 0) this.misses.inc(misses);
  }

  /** @param reason evicted, expired or purged */
  removed(reason: string): void {
    this.removals.inc({ reason });
  }

  memoryLookup(ms: number): void {
    this.lookupSeconds.observe(ms / 1000);
  }

  /** @param source called at every scrape. */
  setSizeSource(source: () => CacheSize): void {
    this.sources.cache = source;
  }
}
