import { bySimplicity, type Point } from './grid.js';

/** A rate that was offered, and the latency under it; null when it was more than the point sustains. */
export interface Rung {
  readonly ratePerS: number;
  readonly p95Ms: number | null;
}

/** A finalist. */
export interface Measured {
  readonly point: Point;
  /** Texts per second of each repetition of the closed loop; at least one. */
  readonly ratesPerS: readonly number[];
  /** Ascending by rate; the same rates for every point. Empty when time was up. */
  readonly rungs: readonly Rung[];
}

export interface Choice {
  readonly chosen: Measured;
  /** Those that differ from the best by less than the margin, the chosen one among them. */
  readonly ties: readonly Measured[];
  /** Share by which two points must differ to count as different. */
  readonly margin: number;
  /**
   * The difference that noise alone explains; if it exceeds the margin, the order is uncertain. Null:
   * unknown.
   */
  readonly noiseMargin: number | null;
  /** The compared figure: texts per second, or texts per second within the SLO. */
  readonly valueOf: (measured: Measured) => number;
}

/**
 * Bounds of the margin: smaller differences always tie, larger ones never, so simplicity costs at most 3 %.
 */
const LEAST_MARGIN = 0.01;
const MOST_MARGIN = 0.03;

/** A p95 of a few hundred texts varies by about this much. */
const P95_MARGIN = 0.1;

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Standard deviation of one repetition as a share of its point's mean, pooled over all points; null without repetitions. */
export function noiseOf(measured: readonly Pick<Measured, 'ratesPerS'>[]): number | null {
  let [squares, freedom] = [0, 0];
  for (const { ratesPerS } of measured) {
    const centre = mean(ratesPerS);
    squares += ratesPerS.reduce((sum, rate) => sum + (rate / centre - 1) ** 2, 0);
    freedom += ratesPerS.length - 1;
  }
  return freedom === 0 ? null : Math.sqrt(squares / freedom);
}

/** Two standard errors of the difference of two means, as a share; null without repetitions. */
export function noiseMargin(measured: readonly Pick<Measured, 'ratesPerS'>[]): number | null {
  const noise = noiseOf(measured);
  const repetitions = Math.min(...measured.map(({ ratesPerS }) => ratesPerS.length));
  return noise === null ? null : 2 * noise * Math.sqrt(2 / repetitions);
}

/** Share by which points must differ to count as different: that of noise, within the limits above. */
export function tieMargin(measured: readonly Pick<Measured, 'ratesPerS'>[]): number {
  return Math.min(MOST_MARGIN, Math.max(LEAST_MARGIN, noiseMargin(measured) ?? MOST_MARGIN));
}

/**
 * Texts per second that a point answers with a p95 of at most this, between the rungs by interpolation; 0 when even
 * the lowest rung is slower.
 */
export function rateWithin({ rungs }: Pick<Measured, 'rungs'>, sloP95Ms: number): number {
  let best = 0;
  let below: { readonly ratePerS: number; readonly p95Ms: number } | undefined;
  for (const { ratePerS, p95Ms } of rungs) {
    if (p95Ms === null) break;
    if (p95Ms > sloP95Ms) {
      if (below === undefined) return 0;
      const part = (sloP95Ms - below.p95Ms) / (p95Ms - below.p95Ms);
      return below.ratePerS + Math.max(0, part) * (ratePerS - below.ratePerS);
    }
    best = ratePerS;
    below = { ratePerS, p95Ms };
  }
  return best;
}

/** Under it the points are compared: below it nothing waits, and far above it the slower ones are lost. */
const COMPARED_RUNG = 1;

/** The p95 under the compared rate; null when that was more than the point sustains, or was not measured. */
export const p95Of = ({ rungs }: Pick<Measured, 'rungs'>): number | null =>
  rungs[COMPARED_RUNG]?.p95Ms ?? null;

const p95OrNever = (measured: Measured): number => p95Of(measured) ?? Infinity;

/**
 * The setting to use: the one with the most texts per second, or the most within the SLO. Points that do not differ
 * from it beyond noise are ties: of these the slow ones (p95) are left out, and the simplest is taken.
 * @param measured at least one
 */
export function choose(measured: readonly Measured[], sloP95Ms: number | null): Choice {
  const margin = tieMargin(measured);
  const isWithin = sloP95Ms !== null && measured.some((entry) => rateWithin(entry, sloP95Ms) > 0);
  const valueOf = (entry: Measured): number =>
    isWithin ? rateWithin(entry, sloP95Ms) : mean(entry.ratesPerS);
  const best = Math.max(...measured.map(valueOf));
  const ties = measured.filter((entry) => valueOf(entry) >= best * (1 - margin));
  const latest = Math.min(...ties.map(p95OrNever)) * (1 + P95_MARGIN);
  const quick = ties.filter((entry) => p95OrNever(entry) <= latest);
  const [chosen] = [...quick].sort((a, b) => bySimplicity(a.point, b.point));
  if (chosen === undefined) throw new RangeError('there is nothing to choose from');
  return { chosen, ties, margin, noiseMargin: noiseMargin(measured), valueOf };
}

/** Whether `a` is better than `b` beyond noise in one of throughput and p95, and at least as good in the other. */
export function dominates(a: Measured, b: Measured, { margin, valueOf }: Choice): boolean {
  const [rateA, rateB] = [valueOf(a), valueOf(b)];
  const [p95A, p95B] = [p95OrNever(a), p95OrNever(b)];
  const isQuicker = p95A * (1 + P95_MARGIN) < p95B;
  return (rateA * (1 - margin) > rateB && p95A <= p95B) || (rateA >= rateB && isQuicker);
}

/** The points that no other dominates. */
export function frontier(measured: readonly Measured[], choice: Choice): Measured[] {
  return measured.filter((entry) => !measured.some((other) => dominates(other, entry, choice)));
}
