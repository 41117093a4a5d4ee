import { gridFor, type Point } from '../../../../src/tools/tune/grid.js';
import type { Measured, Rung } from '../../../../src/tools/tune/choose-setting.js';

export const MANIFEST = {
  session: { graph_optimization_level: 'all', disabled_optimizers: [] },
  batching: { max_padded_tokens: 192, runs_alone: false },
} as const;

/** Two cores without hyper-threads, as configured by default. */
export const GRID = gridFor({ cores: 2, processors: 2, now: { workers: 2, threads: 1 } }, MANIFEST);

export function pointOf(
  workers: number,
  threads: number,
  paddedTokens: number,
  session = 'all fusions',
): Point {
  const found = GRID.find(
    (point) =>
      point.workers === workers &&
      point.threads === threads &&
      point.paddedTokens === paddedTokens &&
      point.session.name === session,
  );
  if (found === undefined) throw new Error('the grid has no such point');
  return found;
}

export function measured(
  point: Point,
  ratesPerS: readonly number[],
  p95s: readonly (number | null)[] = [],
): Measured {
  const rungs: Rung[] = p95s.map((p95Ms, i) => ({ ratePerS: 100 * (i + 1), p95Ms }));
  return { point, ratesPerS, rungs };
}
