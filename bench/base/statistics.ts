import { percentileOf } from '../../src/base/statistics/quantiles.js';

/** The value that the share `q` (0 to 1) of the values does not exceed, by nearest rank. NaN of nothing. */
export const quantile = (values: ArrayLike<number>, q: number): number => percentileOf(Array.from(values), q);

export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

/** NaN of nothing. */
export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
