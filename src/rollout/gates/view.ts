import { boundsOf, meanOf, provesAbove, provesBelow, rateTally, sizeOf, type Bounds } from './bounds.js';
import type { Tally } from './wealth.js';

/** The current knowledge about one figure, from one window of the evidence and at one confidence level. */
export interface View {
  /** The window, worded as part of a sentence: "in the whole rollout". */
  readonly where: string;
  /** Null without samples. */
  readonly observed: number | null;
  readonly n: number;
  /** Whether the true figure is proven to be above the limit, valid at all looks together. */
  provesAbove(limit: number): boolean;
  /** Whether the true figure is proven to be below the limit, valid at all looks together. */
  provesBelow(limit: number): boolean;
  bounds(): Bounds;
}

/** The share of `k` among `n`. */
export function rateView(where: string, k: number, n: number, alpha: number): View {
  const tally = rateTally(k, n);
  return {
    where,
    observed: n === 0 ? null : k / n,
    n,
    provesAbove: (limit) => provesAbove(tally, limit, alpha),
    provesBelow: (limit) => provesBelow(tally, limit, 1, alpha),
    bounds: () => boundsOf(tally, 1, alpha),
  };
}

/**
 * The mean of `n` values x: `up` of them are +1, `down` are −1, the others 0. The bets use 1 + x, which is never
 * negative.
 */
export function signedView(where: string, up: number, down: number, n: number, alpha: number): View {
  const tally: Tally = [
    [2, up],
    [1, n - up - down],
    [0, down],
  ];
  return {
    where,
    observed: sizeOf(tally) === 0 ? null : meanOf(tally) - 1,
    n,
    provesAbove: (limit) => provesAbove(tally, 1 + limit, alpha),
    provesBelow: (limit) => provesBelow(tally, 1 + limit, 2, alpha),
    bounds: () => {
      const { lower, upper } = boundsOf(tally, 2, alpha);
      return { lower: lower - 1, upper: upper - 1 };
    },
  };
}
