/** What `serin bench --json` tells, as far as the section needs it. */
export interface BenchDocument {
  readonly capacity_per_s: number | null;
  readonly runs: readonly { readonly loads: readonly BenchLoad[] }[];
}

export interface BenchLoad {
  readonly load:
    | { readonly kind: 'closed'; readonly connections: number }
    | { readonly kind: 'open'; readonly ratePerS: number };
  readonly requests: number;
  readonly answered_per_s: number;
  readonly failed: number;
  /** 0 to 1. */
  readonly hit_rate: number;
  readonly latency: {
    readonly p50_ms: number;
    readonly p95_ms: number;
    readonly p99_ms: number;
    readonly p999_ms: number | null;
  } | null;
  readonly late: { readonly p99_ms: number } | null;
  readonly at_p50: LatencyParts | null;
  readonly at_p99: LatencyParts | null;
  readonly doubts: readonly string[];
}

export interface LatencyParts {
  /** Null for a server without stage timings. */
  readonly stages_of_total: number | null;
  readonly contributors: readonly { readonly name: string; readonly ms: number; readonly share: number }[];
}
