import { SEED } from '../base/plan.js';
import { say } from '../base/progress.js';
import type { RunOptions } from '../base/run-options.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { readMachine } from '../report/machine.js';
import { tellPart } from '../report/report-file.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { churnIsRight, churnSection, churnTargets } from './churn-section.js';
import { measureChurn } from './churn.js';
import { measureHitRate, type HitRate } from './hit-rate.js';
import { measureHits } from './hits.js';
import type { CachePlan } from './plan.js';
import { measureRedisOutage } from './redis-outage.js';
import { cacheIsRight, cacheSection, cacheTargets, type CacheReport } from './section.js';
import { measureSingleFlight, type SingleFlight } from './single-flight.js';

/**
 * `npm run bench -- --cache`: measures, and reports on stdout.
 * @returns false when a request failed, or a text was computed that should not have been
 */
export async function runCache(plan: CachePlan, options: RunOptions): Promise<boolean> {
  const machine = readMachine();
  const { entry, workFolder } = options;
  const texts = new DistinctTexts(versionFolder('v1'), SEED);
  const hits = await measureHits(plan, texts, entry, workFolder);
  say('the Zipf trace');
  const small = { CACHE_MAX_ITEMS: String(plan.traceCacheItems) };
  const service = await ServiceProcess.start(entry, workFolder, small);
  let hitRate: HitRate;
  let singleFlight: SingleFlight;
  try {
    await settledPool(service);
    hitRate = await measureHitRate(service.url, plan, entry, workFolder);
    singleFlight = await measureSingleFlight(service.url, texts, plan.newTexts);
  } finally {
    await service.close();
  }
  say('Redis, killed and started again');
  const redis = await measureRedisOutage(plan, texts, entry, workFolder);
  const report: CacheReport = { plan, hits, hitRate, singleFlight, redis };
  const document = { machine, ...report, targets: cacheTargets(report) };
  tellPart('cache', document, cacheSection(report, machine), options);
  return cacheIsRight(report);
}

/** `npm run bench -- --cache-long`: as many distinct texts as are asked for, and a report on stdout. */
export async function runChurn(texts: number, options: RunOptions): Promise<boolean> {
  const machine = readMachine();
  const report = await measureChurn(texts, options.entry, options.workFolder);
  const document = { machine, ...report, targets: churnTargets(report) };
  tellPart('churn', document, churnSection(report, machine), options);
  return churnIsRight(report);
}
