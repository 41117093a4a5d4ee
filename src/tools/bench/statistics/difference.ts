import { studentP, studentQuantile } from './student.js';

/** How b compares with a, from repeated measurements of both. */
export interface Difference {
  /** b over a: the geometric mean. */
  readonly ratio: number;
  /** 95 % interval of the ratio. */
  readonly low: number;
  readonly high: number;
  /** How often chance alone makes a difference at least as large (two-sided). */
  readonly p: number;
}

const LEVEL = 0.95;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of the mean of the values, squared: the sample variance over n. */
function squaredError(values: readonly number[]): number {
  const centre = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
  return squares / (values.length - 1) / values.length;
}

function fromLogs(difference: number, error: number, degrees: number): Difference {
  // Values that never vary: whatever differs, differs.
  if (error === 0) {
    const ratio = Math.exp(difference);
    return { ratio, low: ratio, high: ratio, p: difference === 0 ? 1 : 0 };
  }
  const half = error * studentQuantile(LEVEL, degrees);
  return {
    ratio: Math.exp(difference),
    low: Math.exp(difference - half),
    high: Math.exp(difference + half),
    p: studentP(difference / error, degrees),
  };
}

/**
 * Of measurements that were made in pairs, one round after the other: the paired t test on logarithms, since rates
 * and latencies differ by factors. What slows a round down slows both, and cancels out.
 * @param a above 0, as many as b
 * @returns null for fewer than two rounds
 */
export function pairedDifference(a: readonly number[], b: readonly number[]): Difference | null {
  if (a.length !== b.length) throw new RangeError(`${a.length} rounds cannot be paired with ${b.length}`);
  if (a.length < 2) return null;
  const logs = a.map((value, i) => Math.log((b[i] ?? NaN) / value));
  return fromLogs(mean(logs), Math.sqrt(squaredError(logs)), logs.length - 1);
}

/**
 * Of measurements that have nothing to do with each other: Welch's t test on logarithms (Welch 1947, Biometrika 34),
 * which lets both vary differently.
 * @param a above 0
 * @returns null for fewer than two of either
 */
export function welchDifference(a: readonly number[], b: readonly number[]): Difference | null {
  if (a.length < 2 || b.length < 2) return null;
  const [logsA, logsB] = [a.map(Math.log), b.map(Math.log)];
  const [errorA, errorB] = [squaredError(logsA), squaredError(logsB)];
  const error = errorA + errorB;
  // Welch's and Satterthwaite's approximation.
  const degrees = error ** 2 / (errorA ** 2 / (a.length - 1) + errorB ** 2 / (b.length - 1));
  return fromLogs(mean(logsB) - mean(logsA), Math.sqrt(error), degrees);
}

/**
 * p-values of a family of tests, adjusted after Holm (1979, Scand. J. Stat. 6): where nothing differs, the least of
 * them falls below 0.05 in at most 5 % of the families. A report that asks twenty questions at once would otherwise
 * find a difference in most of its runs.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, place) => ({ p, place })).sort((a, b) => a.p - b.p);
  const adjusted = new Array<number>(pValues.length).fill(1);
  let most = 0;
  order.forEach(({ p, place }, rank) => {
    most = Math.max(most, Math.min(1, (pValues.length - rank) * p));
    adjusted[place] = most;
  });
  return adjusted;
}
