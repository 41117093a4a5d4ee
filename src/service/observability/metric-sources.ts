import { Injectable } from '@nestjs/common';

export interface QueueDepth {
  readonly queuedTexts: number;
  readonly runningTexts: number;
}

export interface WorkerCounts {
  readonly wanted: number;
  readonly ready: number;
  readonly spareReady: number;
}

export interface CacheSize {
  readonly entries: number;
  readonly bytes: number;
}

/** The sources of the gauges that are read at each scrape; the provider of a figure sets its source once it exists. */
@Injectable()
export class MetricSources {
  queueDepth: () => QueueDepth = () => ({ queuedTexts: 0, runningTexts: 0 });
  cache: () => CacheSize = () => ({ entries: 0, bytes: 0 });
  /** By model. */
  canaryInFlight: () => ReadonlyMap<string, number> = () => new Map();
  workers: () => WorkerCounts = () => ({ wanted: 0, ready: 0, spareReady: 0 });
}
