import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BODIES_PER_SECOND, MODEL, SEED, TARGET_CONNECTIONS } from '../base/plan.js';
import { say } from '../base/progress.js';
import { DistinctTexts } from '../corpus/distinct-texts.js';
import { versionFolder } from '../corpus/version-files.js';
import { ServiceProcess } from '../service/service-process.js';
import { settledPool } from '../service/worker-pool.js';
import { ColdLoad } from './cold-load.js';
import { CANARY_PERCENT, type RolloutPlan } from './plan.js';
import { rollbackOutcome, type RollbackCall, type RollbackOutcome } from './rollback-outcome.js';

const CANARY = 'v2';
const ADMIN_TOKEN = 'bench';

/** How long the load goes on before a rollback, so that every connection is busy, and after it. */
const SETTLE_MS = 1000;
const OBSERVE_MS = 1000;

/** Time that a slow call may take beside these. */
const SPARE_MS = 2000;

const ROUTE = `/admin/canary/${MODEL}`;

async function once(service: ServiceProcess, texts: DistinctTexts): Promise<RollbackOutcome> {
  const most = ((SETTLE_MS + OBSERVE_MS + SPARE_MS) / 1000) * BODIES_PER_SECOND;
  const upcoming = texts.peek(most);
  await service.send('PUT', ROUTE, { percent: CANARY_PERCENT }, ADMIN_TOKEN);
  const load = new ColdLoad(service.url, upcoming, TARGET_CONNECTIONS);
  let call: RollbackCall;
  try {
    call = await rollBack(service);
  } finally {
    await load.close();
  }
  texts.drop(load.sent);
  await service.send('POST', `${ROUTE}/clear`, {}, ADMIN_TOKEN);
  return rollbackOutcome(load.requests, call);
}

/** One call in the middle of the load. */
async function rollBack(service: ServiceProcess): Promise<RollbackCall> {
  await delay(SETTLE_MS);
  const calledAt = performance.now();
  await service.send('POST', `${ROUTE}/rollback`, { reason: 'bench' }, ADMIN_TOKEN);
  const answeredAt = performance.now();
  await delay(OBSERVE_MS);
  return { canary: CANARY, calledAt, answeredAt };
}

/**
 * Rolls a canary back through the admin API, again and again, while every connection has a request in flight. Each text
 * is sent once, so that every one of them has to be computed. Load and call share one process, and so one clock.
 */
export async function measureRollbacks(
  { rollbacks }: RolloutPlan,
  entry: string,
  workFolder: string,
): Promise<readonly RollbackOutcome[]> {
  const folder = join(workFolder, 'rollbacks');
  mkdirSync(folder);
  const config = join(folder, 'serin.config.yaml');
  writeFileSync(
    config,
    `default_model: ${MODEL}\nrollout:\n  ${MODEL}: { stable: v1, canary: ${CANARY}, percent: 0 }\n`,
  );
  const service = await ServiceProcess.start(entry, folder, { SERIN_CONFIG: config, ADMIN_TOKEN });
  try {
    await settledPool(service);
    const texts = new DistinctTexts(versionFolder('v1'), SEED);
    const outcomes: RollbackOutcome[] = [];
    for (let i = 0; i < rollbacks; i++) {
      const outcome = await once(service, texts);
      outcomes.push(outcome);
      say(
        `rollback ${String(i + 1)} of ${String(rollbacks)}: the call took ${outcome.callMs.toFixed(0)} ms, the last answer of ${CANARY} came ${outcome.drainedMs.toFixed(0)} ms after its answer`,
      );
    }
    return outcomes;
  } finally {
    await service.close();
  }
}
