import { mean } from './choose-setting.js';
import type { Point } from './grid.js';
import type { Measurements } from './measurements.js';

/** Slices of every point, and of those that are compared at the end. */
const SLICE_MS = 1_000;
const PASSES = 2;
const FINAL_SLICE_MS = 2_500;
const FINAL_PASSES = 5;

/** Points of the grid that are measured once more beside the choice: the first of many is first by luck, too. */
const BEST = 3;

/** The loss of the choice against the best point of the grid. */
export interface GridComparison {
  /** Every point, best first, with its texts per second in the pass over the whole grid. */
  readonly points: readonly { readonly point: Point; readonly textsPerS: number }[];
  readonly best: Point;
  /** Of the last comparison, in turn. */
  readonly bestTextsPerS: number;
  readonly chosenTextsPerS: number;
  /** Share of the best rate that the choice does not reach; 0 when it is the best. */
  readonly loss: number;
}

/**
 * Measures every point of the grid, as the service would run it, then the best of them and the choice in turn. Takes
 * as long as it takes.
 * @returns null when it was interrupted
 */
export async function compareWithGrid(
  measurements: Measurements,
  grid: readonly Point[],
  chosen: Point,
  say: (sentence: string) => void,
): Promise<GridComparison | null> {
  say(`the full grid: ${grid.length} settings`);
  const rates = await measurements.repeat(grid, SLICE_MS, PASSES, Infinity);
  const points = [...rates]
    .map(([point, ratesPerS]) => ({ point, textsPerS: mean(ratesPerS) }))
    .sort((a, b) => b.textsPerS - a.textsPerS);
  const compared = [...new Set([...points.slice(0, BEST).map(({ point }) => point), chosen])];
  const last = await measurements.repeat(compared, FINAL_SLICE_MS, FINAL_PASSES, Infinity);
  const chosenRates = last.get(chosen);
  if (chosenRates?.length !== FINAL_PASSES) return null;
  const means = [...last].map(([point, ratesPerS]) => ({ point, textsPerS: mean(ratesPerS) }));
  const best = means.reduce((a, b) => (b.textsPerS > a.textsPerS ? b : a));
  const chosenTextsPerS = mean(chosenRates);
  return {
    points,
    best: best.point,
    bestTextsPerS: best.textsPerS,
    chosenTextsPerS,
    loss: 1 - chosenTextsPerS / best.textsPerS,
  };
}
