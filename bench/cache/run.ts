import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-folder.js';
import { REPORT_FILE } from '../base/paths.js';
import { SEED } from '../base/plan.js';
import { say } from '../base/progress.js';
import { cacheIsRight, cacheSection, cacheTargets } from './section.js';
import { churnIsRight, churnSection, churnTargets } from './churn-section.js';
import { readMachine } from '../report/machine.js';
import { withPart, type PartName } from '../report/report-file.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { measureChurn } from './churn.js';
import { measureHitRate, type HitRate } from './hit-rate.js';
import { measureHits, type HitsReport } from './hits.js';
import type { CachePlan } from './plan.js';
import { measureRedisOutage, type RedisOutage } from './redis-outage.js';
import { measureSingleFlight, type SingleFlight } from './single-flight.js';

export interface CacheReport {
  readonly plan: CachePlan;
  readonly hits: HitsReport;
  readonly hitRate: HitRate;
  readonly singleFlight: SingleFlight;
  readonly redis: RedisOutage;
}

export interface CacheRunOptions {
  readonly entry: string;
  readonly json: boolean;
  /** Whether docs/benchmarks.md gets the section. */
  readonly write: boolean;
}

/**
 * `npm run bench -- --cache`: measures, and reports on stdout.
 * @returns false when a request failed, or a text was computed that should not have been
 */
export async function runCache(
  plan: CachePlan,
  options: CacheRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const { entry } = options;
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const hits = await measureHits(plan, texts, entry, workFolder);
  say('the Zipf trace');
  const small = { CACHE_MAX_ITEMS: String(plan.traceCacheItems) };
  const service = await ServiceProcess.start(entry, workFolder, small);
  let hitRate: HitRate;
  let singleFlight: SingleFlight;
  try {
    await settledPool(service);
    hitRate = await measureHitRate(service, plan, entry, workFolder);
    singleFlight = await measureSingleFlight(service, texts, plan.newTexts);
  } finally {
    await service.stop();
  }
  say('Redis, killed and started again');
  const redis = await measureRedisOutage(plan, texts, entry, workFolder);
  const report: CacheReport = { plan, hits, hitRate, singleFlight, redis };
  const document = { machine, ...report, targets: cacheTargets(report) };
  tell('cache', document, cacheSection(report, machine), options);
  return cacheIsRight(report);
}

/** `npm run bench -- --cache-long`: as many distinct texts as are asked for, and a report on stdout. */
export async function runChurn(
  texts: number,
  options: CacheRunOptions,
  workFolder: string,
): Promise<boolean> {
  const machine = readMachine();
  const report = await measureChurn(texts, options.entry, workFolder);
  const document = { machine, ...report, targets: churnTargets(report) };
  tell('churn', document, churnSection(report, machine), options);
  return churnIsRight(report);
}

function tell(part: PartName, document: object, section: string, { json, write }: CacheRunOptions): void {
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : section);
  if (!write) return;
  const before = existsSync(REPORT_FILE) ? readFileSync(REPORT_FILE, 'utf8') : '';
  writeFileSync(REPORT_FILE, withPart(before, part, section));
  say(`the section about ${part} in docs/benchmarks.md is written`);
}
