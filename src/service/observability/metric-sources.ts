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

/** Where gauges that are read at each scrape get their figures; whoever has them sets the source once it exists. */
@Injectable()
export class MetricSources {
  queueDepth: () => QueueDepth = () => ({ queuedTexts: 0, runningTexts: 0 });
  cache: () => CacheSize = () => ({ entries: 0, bytes: 0 });
  /** By model. */
  canaryInFlight: () => ReadonlyMap<string, number> = () => new Map();
  workers: () => WorkerCounts = () => ({ wanted: 0, ready: 0, spareReady: 0 });
}
