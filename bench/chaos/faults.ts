import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../src/base/seeded-random.js';
import { SEED, TARGET_CONNECTIONS, type Plan } from '../base/plan.js';
import { childrenOf, cpuSeconds } from '../base/process-tree.js';
import { median, quantile } from '../base/statistics.js';
import { ClosedLoop, type Reference, type Tally } from '../load/closed-loop.js';
import type { ServiceProcess } from '../service/service-process.js';
import { settledPool, untilWhole } from '../service/worker-pool.js';

/** The answers and failures that the clients saw during one fault. */
export interface Outcome {
  readonly answered: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly dropped: number;
  readonly drops: Readonly<Record<string, number>>;
  readonly refused: number;
  readonly wrongLabels: number;
  readonly maxScoreDifference: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly longestMs: number;
}

function toOutcome({ latenciesMs, ...counts }: Tally): Outcome {
  return {
    ...counts,
    p50Ms: median(latenciesMs),
    p99Ms: quantile(latenciesMs, 0.99),
    longestMs: quantile(latenciesMs, 1),
  };
}

/** Answers that are not 200, answers with another label than without the fault, and requests without an answer. */
export function failures({ answered, byStatus, dropped, wrongLabels }: Outcome): number {
  return answered - (byStatus[200] ?? 0) + dropped + wrongLabels;
}

export interface KillReport extends Outcome {
  readonly kills: number;
  readonly seconds: number;
  /** After the last kill; null when the pool did not recover. */
  readonly wholeAgainMs: number | null;
}

const KILL_EVERY_MS = 2_000;

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
    await delay(KILL_EVERY_MS);
    const workers = childrenOf(service.pid);
    const victim = workers[Math.floor(random() * workers.length)];
    if (victim === undefined) continue;
    process.kill(victim, 'SIGKILL');
    last = victim;
    kills++;
  }
  const wholeAgainMs = await untilWhole(service, before, last);
  return { ...toOutcome(await loop.close()), kills, seconds, wholeAgainMs };
}

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
  return { ...toOutcome(await loop.close()), wholeAgainMs };
}

export interface EndReport extends Outcome {
  /** From SIGTERM to the end of the process. */
  readonly endedAfterMs: number;
  readonly exitCode: number | null;
  /** Answers that came after SIGTERM. */
  readonly answeredAfterSignal: number;
  readonly orphans: number;
}

/** A worker ends by itself when its channel closes. */
const WORKERS_END_WITHIN_MS = 2_000;

/** SIGTERM while every connection is busy. A load balancer expects refusals after that, but not silence. */
export async function endUnderLoad(
  service: ServiceProcess,
  references: readonly Reference[],
  { chaosSettleS }: Plan,
): Promise<EndReport> {
  const workers = childrenOf(service.pid);
  const loop = new ClosedLoop(service.url, references, TARGET_CONNECTIONS);
  await delay(chaosSettleS * 1000);
  const answeredBefore = loop.tally.answered;
  const signalledAt = performance.now();
  service.signal('SIGTERM');
  const { code } = await service.ended();
  const endedAfterMs = performance.now() - signalledAt;
  const tally = await loop.close();
  await delay(WORKERS_END_WITHIN_MS);
  return {
    ...toOutcome(tally),
    endedAfterMs,
    exitCode: code,
    answeredAfterSignal: tally.answered - answeredBefore,
    orphans: workers.filter(lives).length,
  };
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
