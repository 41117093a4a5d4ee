import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../corpus/random.js';
import { ClosedLoop, type Reference } from '../load/closed-loop.js';
import { SEED, TARGET_CONNECTIONS, type Plan } from '../base/plan.js';
import { childrenOf } from '../base/process-tree.js';
import type { ServiceProcess } from '../service/service-process.js';
import { toOutcome, type Outcome } from './outcome.js';
import { settledPool, untilWhole } from '../service/worker-pool.js';

export interface KillReport extends Outcome {
  readonly kills: number;
  readonly seconds: number;
  /** After the last kill; null when the pool did not recover. */
  readonly wholeAgainMs: number | null;
}

const INTERVAL_MS = 2_000;

/** kill -9 of a random worker, the spare included, every two seconds under load. */
export async function killWorkers(
  service: ServiceProcess,
  references: readonly Reference[],
  { chaosKillS: seconds }: Plan,
): Promise<KillReport> {
  const random = seededRandom(SEED);
  const before = await settledPool(service);
  const loop = new ClosedLoop(service.url, references, TARGET_CONNECTIONS);
  const endAt = performance.now() + seconds * 1000;
  let kills = 0;
  let last = 0;
  while (performance.now() < endAt) {
    await delay(INTERVAL_MS);
    const workers = childrenOf(service.pid);
    const victim = workers[Math.floor(random() * workers.length)];
    if (victim === undefined) continue;
    process.kill(victim, 'SIGKILL');
    last = victim;
    kills++;
  }
  const wholeAgainMs = await untilWhole(service, before, last);
  return { ...toOutcome(await loop.stop()), kills, seconds, wholeAgainMs };
}
