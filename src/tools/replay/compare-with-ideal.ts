import type { HitCurve } from './hit-curve.js';
import type { Exchange } from '../traffic/reply.js';

/** The cache of the service against an LRU cache that is empty at first, never expires and knows no other traffic. */
export interface Comparison {
  /** Of the ideal cache. */
  readonly entries: number;
  /** 0 to 1, of the answered requests. */
  readonly hit_rate: number;
  /** First requests of a text that the cache answered: it had them from before, or from other traffic. */
  readonly warm_hits: number;
  /** Of the service, 0 to 1, without the warm hits: an ideal cache that starts empty has none. */
  readonly observed_hit_rate: number;
  /** Observed minus ideal, percentage points. */
  readonly difference_points: number;
  /**
   * Misses whose text was being computed for an earlier request when they were sent. They wait for that computation
   * and cost none of their own; the ideal cache, where nothing takes time, counts them as hits.
   */
  readonly joined_misses: number;
}

/**
 * @param answered in the order of the trace
 * @param distances of these requests
 */
export function compareWithIdeal(
  answered: readonly Exchange[],
  ids: readonly number[],
  distances: Uint32Array,
  { curve, entries }: { readonly curve: HitCurve; readonly entries: number },
): Comparison {
  let [repeatHits, warmHits, joined] = [0, 0, 0];
  /** By text: when its last computation was answered. */
  const computedMs = new Map<number, number>();
  answered.forEach((exchange, i) => {
    const id = ids[exchange.index] ?? 0;
    if (isHit(exchange)) {
      if (distances[i] === 0) warmHits++;
      else repeatHits++;
      return;
    }
    if (exchange.sentMs < (computedMs.get(id) ?? -1)) joined++;
    computedMs.set(id, Math.max(computedMs.get(id) ?? 0, endMs(exchange)));
  });
  const observed = answered.length === 0 ? 0 : repeatHits / answered.length;
  const ideal = curve.hitRate(entries);
  return {
    entries,
    hit_rate: ideal,
    warm_hits: warmHits,
    observed_hit_rate: observed,
    difference_points: 100 * (observed - ideal),
    joined_misses: joined,
  };
}

/** Whether the answer came from a level of the cache. */
export function isHit({ reply }: Exchange): boolean {
  return reply.ok && reply.source !== 'model';
}

/** When the answer was there, milliseconds after the replay began. */
export function endMs({ sentMs, lateMs, latencyMs }: Exchange): number {
  return sentMs + latencyMs - lateMs;
}
