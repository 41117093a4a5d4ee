import type { CostCoefficients } from './protocol.js';

/** One timed run: `rows` texts, padded to `length` tokens, took `ms` milliseconds. */
export interface CostSample {
  readonly rows: number;
  readonly length: number;
  readonly ms: number;
}

/**
 * Predicted milliseconds of one run of `rows` texts padded to `length` tokens. The linear term is the matrix
 * products, the quadratic one attention, the constant what a run costs however small it is.
 */
export function predictMs(cost: CostCoefficients, rows: number, length: number): number {
  const tokens = rows * length;
  return cost.fixedMs + tokens * (cost.perTokenMs + cost.perTokenSquaredMs * length);
}

/**
 * Least squares fit of {@link predictMs} to timed runs, each weighted by 1/ms² so that short and long runs count
 * alike. A coefficient that comes out negative (noise) is held at zero and the others are fitted again.
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

/** Solves (XᵀWX)β = XᵀWy over the chosen columns by Gaussian elimination with partial pivoting. */
function solveNormalEquations(samples: readonly CostSample[], columns: readonly number[]): number[] {
  const size = columns.length;
  const rows = columns.map(() => new Float64Array(size + 1));
  for (const { rows: n, length, ms } of samples) {
    const all = [1, n * length, n * length * length];
    const weight = 1 / (ms * ms);
    const x = columns.map((k) => all[k] ?? 0);
    for (let r = 0; r < size; r++) {
      const row = rows[r] as Float64Array;
      for (let c = 0; c < size; c++) row[c] = (row[c] ?? 0) + weight * (x[r] ?? 0) * (x[c] ?? 0);
      row[size] = (row[size] ?? 0) + weight * (x[r] ?? 0) * ms;
    }
  }
  return eliminate(rows);
}

function eliminate(rows: Float64Array[]): number[] {
  const size = rows.length;
  const at = (r: number, c: number): number => rows[r]?.[c] ?? 0;
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let r = pivot + 1; r < size; r++) if (Math.abs(at(r, pivot)) > Math.abs(at(best, pivot))) best = r;
    [rows[pivot], rows[best]] = [rows[best] as Float64Array, rows[pivot] as Float64Array];
    for (let r = 0; r < size; r++) {
      if (r === pivot || at(pivot, pivot) === 0) continue;
      const factor = at(r, pivot) / at(pivot, pivot);
      const row = rows[r] as Float64Array;
      for (let c = pivot; c <= size; c++) row[c] = at(r, c) - factor * at(pivot, c);
    }
  }
  return rows.map((_, i) => (at(i, i) === 0 ? 0 : at(i, size) / at(i, i)));
}
