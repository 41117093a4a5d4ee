/** Latencies of some requests, milliseconds. */
export interface LatencySummary {
  readonly requests: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/**
 * The value that the share `q` (0 to 1) of the values does not exceed, by nearest rank.
 * @param sorted ascending, not empty
 */
export function percentile(sorted: Float64Array, q: number): number {
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length)));
  return sorted[rank - 1] ?? NaN;
}

/** {@link percentile} of values in any order; NaN when there are none. */
export const percentileOf = (values: readonly number[], q: number): number =>
  percentile(Float64Array.from(values).sort(), q);

/** Null when there are none. */
export function summarize(latenciesMs: readonly number[]): LatencySummary | null {
  if (latenciesMs.length === 0) return null;
  const sorted = Float64Array.from(latenciesMs).sort();
  const [p50, p95, p99, max] = [0.5, 0.95, 0.99, 1].map((q) => round(percentile(sorted, q)));
  return { requests: sorted.length, p50_ms: p50 ?? 0, p95_ms: p95 ?? 0, p99_ms: p99 ?? 0, max_ms: max ?? 0 };
}

/** Rounds to microseconds; further digits are noise. */
function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
