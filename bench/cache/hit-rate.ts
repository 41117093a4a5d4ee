import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MODEL_REGISTRY, ROOT } from '../base/paths.js';
import type { ServiceProcess } from '../service/service-process.js';
import type { CachePlan } from './plan.js';

const run = promisify(execFile);

/** More than the trace of a few million characters. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

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

/** What is read of `serin replay --json`. */
interface Replayed {
  readonly requests: number;
  readonly failed: number;
  readonly ideal_lru: {
    readonly observed_hit_rate: number;
    readonly hit_rate: number;
    readonly difference_points: number;
  };
  readonly sizing: { readonly distinct_texts: number };
}

/** Sends the Zipf trace of `serin replay` to a service whose cache is empty and has room for `traceCacheItems`. */
export async function measureHitRate(
  service: ServiceProcess,
  { traceRequests, traceCacheItems }: CachePlan,
  entry: string,
  workFolder: string,
): Promise<HitRate> {
  const serin = async (...args: string[]): Promise<string> => {
    const { stdout } = await run(process.execPath, [entry, 'replay', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, MODEL_REGISTRY },
      maxBuffer: MAX_OUTPUT_BYTES,
    });
    return stdout;
  };
  const trace = join(workFolder, 'zipf.jsonl');
  writeFileSync(trace, await serin('--sample', 'zipf', '--n', String(traceRequests)));
  const { requests, failed, ideal_lru, sizing } = JSON.parse(
    await serin(trace, '--url', service.url, '--cache-items', String(traceCacheItems), '--json'),
  ) as Replayed;
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
