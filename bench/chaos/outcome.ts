import type { Tally } from '../load/closed-loop.js';
import { median, quantile } from '../base/statistics.js';

/** What the clients saw. */
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

export function toOutcome({ latenciesMs, ...counts }: Tally): Outcome {
  return {
    ...counts,
    p50Ms: median(latenciesMs),
    p99Ms: quantile(latenciesMs, 0.99),
    longestMs: quantile(latenciesMs, 1),
  };
}

/** Answers that are not 200 or say something else than they do in peace, and requests that got none. */
export function failures({ answered, byStatus, dropped, wrongLabels }: Outcome): number {
  return answered - (byStatus[200] ?? 0) + dropped + wrongLabels;
}
