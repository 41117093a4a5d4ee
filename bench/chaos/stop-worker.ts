import { setTimeout as delay } from 'node:timers/promises';
import { ClosedLoop, type Reference } from '../load/closed-loop.js';
import { TARGET_CONNECTIONS, type Plan } from '../base/plan.js';
import { cpuSeconds } from '../base/process-tree.js';
import type { ServiceProcess } from '../service/service-process.js';
import { toOutcome, type Outcome } from './outcome.js';
import { settledPool, untilWhole } from '../service/worker-pool.js';

export interface StopReport extends Outcome {
  readonly wholeAgainMs: number | null;
}

/** SIGSTOP of the busiest worker under load: a process that hangs without dying. */
export async function stopWorker(
  service: ServiceProcess,
  references: readonly Reference[],
  { chaosSettleS }: Plan,
): Promise<StopReport> {
  const before = await settledPool(service);
  const usedBefore = new Map(before.pids.map((pid) => [pid, cpuSeconds(pid)]));
  const used = (pid: number): number => cpuSeconds(pid) - (usedBefore.get(pid) ?? 0);
  const loop = new ClosedLoop(service.url, references, TARGET_CONNECTIONS);
  await delay(chaosSettleS * 1000);
  const [busiest] = [...before.pids].sort((a, b) => used(b) - used(a));
  if (busiest === undefined) throw new Error('the service has no worker process');
  process.kill(busiest, 'SIGSTOP');
  const wholeAgainMs = await untilWhole(service, before, busiest);
  await delay(chaosSettleS * 1000);
  return { ...toOutcome(await loop.stop()), wholeAgainMs };
}
