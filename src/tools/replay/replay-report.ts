import type { BadLine } from '../traffic/traffic-file.js';
import type { Comparison } from './compare-with-ideal.js';
import type { Sizing } from './hit-curve.js';
import type { LatencySummary } from '../../base/statistics/quantiles.js';
import type { SendEnd } from '../traffic/send-all.js';
import type { Source } from '../traffic/reply.js';

/** Requests of one version. */
export interface VersionShare {
  readonly requests: number;
  readonly hits: number;
}

/** One of the equal parts of the replay's time. */
export interface TimeBucket {
  readonly from_s: number;
  readonly to_s: number;
  readonly requests: number;
  readonly failed: number;
  /** Of the answered requests, 0 to 1; null when there were none. */
  readonly hit_rate: number | null;
  /** The hit rate of the ideal LRU on the same requests. */
  readonly ideal_hit_rate: number | null;
}

/** Figures of the replies. */
export interface Outcome {
  /** Requests that were sent. */
  readonly requests: number;
  readonly answered: number;
  readonly failed: number;
  /** From the first request to the last answer. */
  readonly duration_s: number;
  readonly requests_per_s: number;
  /** Answered from the cache. */
  readonly hits: number;
  /** Of the answered requests, 0 to 1. */
  readonly hit_rate: number;
  /** Answered requests by where the answer came from. */
  readonly latency: Readonly<Partial<Record<Source, LatencySummary>>>;
  /** How late requests were sent; null without a schedule. Late ones have that in their latency. */
  readonly lateness: LatencySummary | null;
  /** Failed requests by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Answered requests by the version of the model. */
  readonly versions: Readonly<Record<string, VersionShare>>;
  readonly over_time: readonly TimeBucket[];
}

/** `serin replay --json`. */
export interface ReplayReport extends Outcome {
  readonly input: string;
  readonly url: string;
  readonly model: string;
  /** Null: whichever the rollout picked. */
  readonly version: string | null;
  readonly load: {
    readonly connections: number;
    /** Null: not at a fixed rate. */
    readonly rate_per_s: number | null;
    /** Null: not at the times of the trace. */
    readonly speed: number | null;
  };
  readonly ended: SendEnd;
  /** Lines of the input that are not blank, as far as it was read. */
  readonly lines: number;
  readonly unreadable_lines: number;
  readonly first_unreadable: readonly BadLine[];
  /** Requests of the trace that were not sent. */
  readonly not_sent: number;
  readonly ideal_lru: Comparison;
  readonly sizing: Sizing;
}
