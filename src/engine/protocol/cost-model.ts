import type { CostCoefficients } from './protocol.js';

/** One timed run: `rows` texts, padded to `length` tokens, took `ms` milliseconds. */
export interface CostSample {
  readonly rows: number;
  readonly length: number;
  readonly ms: number;
}

/** The watchdog's allowance is added to this multiple of a run's predicted time, because cores may be shared. */
export const WATCHDOG_FACTOR = 10;

/**
 * Predicted milliseconds of one run of `rows` texts padded to `length` tokens. The linear term stands for the matrix
 * products, the quadratic term for attention, and the constant for the fixed overhead of a run.
 */
export function predictMs(cost: CostCoefficients, rows: number, length: number): number {
  const tokens = rows * length;
  return cost.fixedMs + tokens * (cost.perTokenMs + cost.perTokenSquaredMs * length);
}

/** How the texts of one version may be put together. */
export interface BatchingLimits {
  readonly maxPaddedTokens: number;
  /** True when a batch is one text, because the version's answers depend on batch mates. */
  readonly runsAlone: boolean;
}

/** Predicted milliseconds of a text of `tokens` tokens as its part of a full batch of texts of the same length. */
export function batchedMs(
  cost: CostCoefficients,
  tokens: number,
  { maxPaddedTokens, runsAlone }: BatchingLimits,
): number {
  const rows = runsAlone ? 1 : Math.max(1, Math.floor(maxPaddedTokens / tokens));
  return predictMs(cost, rows, tokens) / rows;
}

/**
 * Least squares fit of {@link predictMs} to timed runs, each weighted by 1/ms² so that short and long runs count alike.
 * A coefficient that becomes negative because of noise is set to zero, and the others are fitted again.
 * @throws RangeError when there are fewer than three samples.
 */
export function fitCost(samples: readonly CostSample[]): CostCoefficients {
  if (samples.length < 3) throw new RangeError('a cost model needs at least three timed runs');
  let active = [0, 1, 2];
  for (;;) {
    const solution = solveNormalEquations(samples, active);
    const negative = active.filter((_, i) => (solution[i] ?? 0) < 0);
    if (negative.length === 0) {
      const at = (k: number): number => {
        const i = active.indexOf(k);
        return i < 0 ? 0 : (solution[i] ?? 0);
      };
      return { fixedMs: at(0), perTokenMs: at(1), perTokenSquaredMs: at(2) };
    }
    active = active.filter((k) => !negative.includes(k));
  }
}

/** Solves (XᵀWX)β = XᵀWy over the chosen columns. */
function solveNormalEquations(samples: readonly CostSample[], columns: readonly number[]): number[] {
  const terms = samples.map(({ rows, length, ms }) => {
    const all: readonly number[] = [1, rows * length, rows * length * length];
    return { x: columns.map((k) => all[k] ?? 0), ms, weight: 1 / (ms * ms) };
  });
  const sum = (of: (term: (typeof terms)[number]) => number): number =>
    terms.reduce((total, term) => total + term.weight * of(term), 0);
  const augmented = columns.map((_, r) => [
    ...columns.map((__, c) => sum(({ x }) => (x[r] ?? 0) * (x[c] ?? 0))),
    sum(({ x, ms }) => (x[r] ?? 0) * ms),
  ]);
  return eliminate(augmented);
}

/** Gauss-Jordan elimination with partial pivoting; an unknown that the equations do not determine becomes 0. */
function eliminate(matrix: readonly number[][]): number[] {
  const size = matrix.length;
  const open = [...matrix];
  const solved: { readonly pivot: number; readonly row: number[] }[] = [];
  for (let pivot = 0; pivot < size; pivot++) {
    open.sort((a, b) => Math.abs(b[pivot] ?? 0) - Math.abs(a[pivot] ?? 0));
    const row = open[0];
    if (row === undefined || (row[pivot] ?? 0) === 0) continue;
    open.shift();
    const scaled = row.map((value) => value / (row[pivot] ?? 1));
    for (const other of [...open, ...solved.map((entry) => entry.row)]) {
      const factor = other[pivot] ?? 0;
      scaled.forEach((value, c) => (other[c] = (other[c] ?? 0) - factor * value));
    }
    solved.push({ pivot, row: scaled });
  }
  return Array.from({ length: size }, (_, i) => solved.find(({ pivot }) => pivot === i)?.row[size] ?? 0);
}
