import type { LoadReport } from './load-report.js';
import type { Machine } from './machine.js';
import type { Measurement } from './measure-loads.js';

/** Of the JSON document: another number when what is in it means something else. */
export const FORMAT = 1;

/** The loads sent to one server, and their results. */
export interface RunReport {
  /** `A` and `B` where two took turns, else `service`. */
  readonly name: string;
  readonly url: string;
  /** Of a service that was started for it; null: it ran already. */
  readonly settings: Readonly<Record<string, string>> | null;
  readonly loads: readonly LoadReport[];
}

/** The requested measurement. */
export interface TrafficReport {
  /** Null: the service's default. */
  readonly model: string | null;
  /** Null: the version that the rollout picked. */
  readonly version: string | null;
  /** `short`, `mixed`, `long`, or the file that the texts came from. */
  readonly lengths: string;
  /** Share of the requests that repeat a text, 0 to 1. */
  readonly hit_share: number;
  readonly seed: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly warm_up_seconds: number;
}

/** One question: does this figure differ under this load? */
export interface ComparedFigure {
  readonly load: string;
  readonly figure: 'requests/s' | 'p50' | 'p99';
  /** The geometric mean over the rounds: requests per second, or milliseconds. */
  readonly a: number;
  readonly b: number;
  /** b over a, with its 95 % interval. */
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
  readonly p: number;
  /** After Holm, over all questions of the report. */
  readonly adjusted_p: number;
  readonly differs: boolean;
}

export interface ComparisonReport {
  /** `turns`: both in one run, round by round; `earlier`: with the report of another run. */
  readonly kind: 'turns' | 'earlier';
  readonly a: string;
  readonly b: string;
  readonly figures: readonly ComparedFigure[];
  /** Other possible reasons for a difference; sentences. */
  readonly warnings: readonly string[];
}

/** `serin bench --json`. */
export interface BenchReport {
  readonly format: typeof FORMAT;
  /** ISO 8601. */
  readonly started_at: string;
  readonly ended: Measurement['ended'];
  readonly machine: Machine;
  readonly traffic: TrafficReport;
  /** Requests per second at the most connections, of the first run; null when rates were given. */
  readonly capacity_per_s: number | null;
  readonly runs: readonly RunReport[];
  /** Null: nothing was compared. */
  readonly comparison: ComparisonReport | null;
}
