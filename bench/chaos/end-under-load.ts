import { setTimeout as delay } from 'node:timers/promises';
import { ClosedLoop, type Reference } from '../load/closed-loop.js';
import { TARGET_CONNECTIONS, type Plan } from '../base/plan.js';
import { childrenOf } from '../base/process-tree.js';
import type { ServiceProcess } from '../service/service-process.js';
import { toOutcome, type Outcome } from './outcome.js';

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

/** SIGTERM while every connection is busy. Being refused after that is what a load balancer expects; silence is not. */
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
  const tally = await loop.stop();
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
