export interface ProbeOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface ProbeResult {
  readonly probes: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}
