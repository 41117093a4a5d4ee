import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReplayReport } from '../../src/tools/replay/replay-report.js';
import { runSerin } from '../base/run-command.js';
import type { CachePlan } from './plan.js';

export interface HitRate {
  readonly requests: number;
  readonly distinctTexts: number;
  readonly failed: number;
  readonly cacheItems: number;
  /** 0 to 1. */
  readonly observed: number;
  readonly ideal: number;
  /** Observed minus ideal, percentage points. */
  readonly differencePoints: number;
}

/** Sends the Zipf trace of `serin replay` to a service whose cache is empty and has room for `traceCacheItems`. */
export async function measureHitRate(
  url: string,
  { traceRequests, traceCacheItems }: CachePlan,
  entry: string,
  workFolder: string,
): Promise<HitRate> {
  const trace = join(workFolder, 'zipf.jsonl');
  writeFileSync(trace, await runSerin(entry, ['replay', '--sample', 'zipf', '--n', String(traceRequests)]));
  const args = ['replay', trace, '--url', url, '--cache-items', String(traceCacheItems), '--json'];
  const { requests, failed, ideal_lru, sizing } = JSON.parse(await runSerin(entry, args)) as ReplayReport;
  return {
    requests,
    distinctTexts: sizing.distinct_texts,
    failed,
    cacheItems: traceCacheItems,
    observed: ideal_lru.observed_hit_rate,
    ideal: ideal_lru.hit_rate,
    differencePoints: ideal_lru.difference_points,
  };
}
