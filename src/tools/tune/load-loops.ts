import { setTimeout as delay } from 'node:timers/promises';
import { percentile } from '../../base/statistics/quantiles.js';
import { poissonArrivals } from '../traffic/schedule.js';
import { seededRandom } from '../../base/seeded-random.js';

/** Sends one text; resolves when it is answered, and says whether with a result. */
export type Send = () => Promise<boolean>;

export interface ClosedLoop {
  readonly clients: number;
  /** Let pass before anything counts. */
  readonly settleMs: number;
  readonly sliceMs: number;
  readonly signal: AbortSignal;
}

/** Of the answers that came within the slice. */
export interface Sample {
  readonly textsPerS: number;
  readonly p95Ms: number | null;
}

/** As fast as answered: each client sends its next text when the last is answered. */
export async function closedLoop(
  send: Send,
  { clients, settleMs, sliceMs, signal }: ClosedLoop,
): Promise<Sample> {
  const from = performance.now() + settleMs;
  const until = from + sliceMs;
  const latencies: number[] = [];
  const client = async (): Promise<void> => {
    while (performance.now() < until && !signal.aborted) {
      const sentAt = performance.now();
      const isAnswered = await send();
      const now = performance.now();
      if (isAnswered && now >= from && now < until) latencies.push(now - sentAt);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { textsPerS: (1000 * latencies.length) / sliceMs, p95Ms: p95(latencies) };
}

export interface OpenLoop {
  readonly ratePerS: number;
  readonly sliceMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** This share of the offered texts must be answered during the load; otherwise the queue keeps growing. */
const SUSTAINED = 0.9;

/**
 * Open loop: sends at a rate without waiting for answers, like independent users (exponential gaps), each
 * latency counted from the time at which its text should have been sent, so that a stall cannot hide behind a
 * late sender.
 * @returns the p95 in ms; null when the rate was more than could be answered
 */
export async function openLoop(
  send: Send,
  { ratePerS, sliceMs, seed, signal }: OpenLoop,
): Promise<number | null> {
  const startedAt = performance.now();
  const latencies: number[] = [];
  const running: Promise<void>[] = [];
  let answeredInTime = 0;
  for (const dueMs of poissonArrivals(ratePerS, sliceMs, seededRandom(seed))) {
    if (signal.aborted) break;
    const dueAt = startedAt + dueMs;
    const waitMs = dueAt - performance.now();
    if (waitMs >= 1) await delay(waitMs);
    running.push(
      send().then((isAnswered) => {
        if (!isAnswered) return;
        const now = performance.now();
        latencies.push(now - dueAt);
        if (now < startedAt + sliceMs) answeredInTime++;
      }),
    );
  }
  await Promise.all(running);
  return answeredInTime >= SUSTAINED * running.length ? p95(latencies) : null;
}

function p95(latencies: readonly number[]): number | null {
  return latencies.length === 0 ? null : percentile(Float64Array.from(latencies).sort(), 0.95);
}
