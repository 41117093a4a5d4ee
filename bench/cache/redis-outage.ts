import { setTimeout as delay } from 'node:timers/promises';
import { TARGET_CONNECTIONS } from '../base/plan.js';
import { say } from '../base/progress.js';
import { quantile } from '../base/statistics.js';
import type { DistinctTexts } from '../corpus/distinct-texts.js';
import { readMetric } from '../service/metrics.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { MixedLoad, type MixedAnswers } from './mixed-load.js';
import { CACHED_TEXTS, type CachePlan } from './plan.js';
import { RedisProcess } from './redis-process.js';

/** Requests of users while Redis was up, or down. */
export interface Phase {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RedisOutage {
  readonly outages: number;
  /** Before each kill, from the kill until Redis starts again, and from then until the service has it back. */
  readonly up: Phase;
  readonly down: Phase;
  readonly back: Phase;
  /** Down over up. */
  readonly p99Ratio: number;
  /** Milliseconds until the service had Redis back, the longest. */
  readonly backAfterMs: number;
}

/** New texts per second of load: more than two cores compute. */
const NEW_TEXTS_PER_S = 2_000;
const BACK_LIMIT_MS = 60_000;
const POLL_MS = 50;

const isUp = async (url: string): Promise<boolean> =>
  (await readMetric(url, 'serin_redis_up', 'link="commands"')) === 1;

async function untilUp(url: string): Promise<number> {
  const startedAt = performance.now();
  while (!(await isUp(url))) {
    if (performance.now() - startedAt > BACK_LIMIT_MS)
      throw new Error('the service did not find Redis again');
    await delay(POLL_MS);
  }
  return performance.now() - startedAt;
}

function phaseOf(cuts: readonly MixedAnswers[]): Phase {
  const latenciesMs = cuts.flatMap((cut) => cut.latenciesMs);
  return {
    requests: latenciesMs.length,
    failed: cuts.reduce((sum, { failed }) => sum + failed, 0),
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
  };
}

/** Redis is killed and started again while every connection is busy. */
export async function measureRedisOutage(
  plan: CachePlan,
  texts: DistinctTexts,
  entry: string,
  workFolder: string,
): Promise<RedisOutage> {
  const redis = await RedisProcess.start(workFolder);
  const service = await ServiceProcess.start(entry, workFolder, { REDIS_URL: redis.url });
  const seconds = plan.outages * (plan.upS + plan.downS);
  const repeated = texts.take(CACHED_TEXTS);
  let load: MixedLoad | undefined;
  try {
    await settledPool(service);
    await untilUp(service.url);
    load = new MixedLoad(service.url, repeated, texts.take(seconds * NEW_TEXTS_PER_S), TARGET_CONNECTIONS);
    // Until the repeated texts are in memory.
    await delay(plan.upS * 1000);
    load.cut();
    const cuts = { up: [] as MixedAnswers[], down: [] as MixedAnswers[], back: [] as MixedAnswers[] };
    let backAfterMs = 0;
    for (let i = 0; i < plan.outages; i++) {
      await delay(plan.upS * 1000);
      cuts.up.push(load.cut());
      // The moment of the crash belongs to the outage.
      await redis.kill();
      await delay(plan.downS * 1000);
      cuts.down.push(load.cut());
      await redis.start();
      backAfterMs = Math.max(backAfterMs, await untilUp(service.url));
      cuts.back.push(load.cut());
      say(`outage ${i + 1} of ${plan.outages}`);
    }
    await load.close();
    const [up, down, back] = [phaseOf(cuts.up), phaseOf(cuts.down), phaseOf(cuts.back)];
    return { outages: plan.outages, up, down, back, p99Ratio: down.p99Ms / up.p99Ms, backAfterMs };
  } finally {
    await load?.close();
    await service.close();
    await redis.kill();
  }
}
