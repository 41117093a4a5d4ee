import { setTimeout as delay } from 'node:timers/promises';
import { childrenOf } from '../base/process-tree.js';
import { readMetrics, valueOf } from './metrics.js';
import type { ServiceProcess } from './service-process.js';

const POLL_MS = 50;
const LIMIT_MS = 60_000;

/** How many worker processes the service counts. */
async function readPoolState(url: string): Promise<{ wanted: number; ready: number; spare: number }> {
  const metrics = await readMetrics(url);
  const workers = (state: string): number => valueOf(metrics, 'serin_workers', `state="${state}"`);
  return { wanted: workers('wanted'), ready: workers('ready'), spare: workers('spare') };
}

/** The pool as it should be: every worker ready, the spares behind them. */
export interface WholePool {
  readonly ready: number;
  readonly spare: number;
  readonly pids: readonly number[];
}

/** Waits until each child process is counted as ready or spare: a service that has just started has no spare yet. */
export async function settledPool(service: ServiceProcess): Promise<WholePool> {
  for (let waitedMs = 0; waitedMs < LIMIT_MS; waitedMs += POLL_MS) {
    const { wanted, ready, spare } = await readPoolState(service.url);
    const pids = childrenOf(service.pid);
    if (wanted > 0 && ready === wanted && ready + spare === pids.length) return { ready, spare, pids };
    await delay(POLL_MS);
  }
  throw new Error('the worker pool did not settle');
}

/**
 * Waits until as many workers serve as before, none of them the one that was harmed.
 * @returns milliseconds; null when it did not happen
 */
export async function untilWhole(
  service: ServiceProcess,
  before: WholePool,
  harmed: number,
): Promise<number | null> {
  const startedAt = performance.now();
  while (performance.now() - startedAt < LIMIT_MS) {
    const { ready, spare } = await readPoolState(service.url);
    const recovered = ready >= before.ready && spare >= before.spare;
    if (recovered && !childrenOf(service.pid).includes(harmed)) return performance.now() - startedAt;
    await delay(POLL_MS);
  }
  return null;
}
