import { roundHalfEven } from './integer-rounding.js';

/** Bits of a weight. With 7, two products of u8 × s8 fit the saturating 16-bit sum of processors without VNNI. */
export type WeightBits = 7 | 8;

/** A matrix as int8 with a scale per row or per column; `value ≈ int8 × scale`. */
export interface QuantizedMatrix {
  /** In the layout of the matrix that they come from: row by row. */
  readonly values: Int8Array;
  readonly scales: Float32Array;
  /** Largest distance between a weight and its quantised value. */
  readonly largestError: number;
}

/** A scale of zero would divide by it: a row or column of zeros gets this one. */
const SMALLEST = 1e-12;

/**
 * Symmetric int8 of a matrix given row by row.
 * @param along what shares a scale: each row (of an embedding table) or each column (of a matrix that is multiplied)
 */
export function quantizeMatrix(
  weights: Float32Array,
  columns: number,
  along: 'row' | 'column',
  bits: WeightBits,
): QuantizedMatrix {
  const top = 2 ** (bits - 1) - 1;
  const rows = weights.length / columns;
  const scales = new Float32Array(along === 'row' ? rows : columns).fill(SMALLEST);
  const groupOf = along === 'row' ? (row: number) => row : (_: number, column: number) => column;
  eachWeight(weights, columns, (weight, row, column) => {
    const group = groupOf(row, column);
    scales[group] = Math.max(scales[group] ?? 0, Math.abs(weight));
  });
  for (let i = 0; i < scales.length; i++) scales[i] = (scales[i] ?? 0) / top;
  const values = new Int8Array(weights.length);
  let largestError = 0;
  eachWeight(weights, columns, (weight, row, column, i) => {
    const scale = scales[groupOf(row, column)] ?? 1;
    const value = Math.min(top, Math.max(-top, roundHalfEven(Math.fround(weight / scale))));
    values[i] = value;
    largestError = Math.max(largestError, Math.abs(weight - value * scale));
  });
  return { values, scales, largestError };
}

function eachWeight(
  weights: Float32Array,
  columns: number,
  visit: (weight: number, row: number, column: number, i: number) => void,
): void {
  for (let row = 0, i = 0; i < weights.length; row++) {
    for (let column = 0; column < columns; column++, i++) visit(weights[i] ?? 0, row, column, i);
  }
}
