import { shapeName, type Point } from './grid.js';
import { FINALISTS, type SearchPlan } from './search-plan.js';

/** Measures some points, each for so long; null for one that could not be measured. Missing: time was up. */
export type MeasureRound = (
  points: readonly Point[],
  sliceMs: number,
) => Promise<ReadonlyMap<Point, number | null>>;

/** The result of one round. */
export interface Round {
  readonly sliceMs: number;
  readonly points: number;
}

export interface SearchResult {
  /** The best ones, best first, and the best of each workers × threads. */
  readonly finalists: readonly Point[];
  /** Texts per second so far, by point: the mean of its slices, weighted by their length. */
  readonly rates: ReadonlyMap<Point, number>;
  readonly rounds: readonly Round[];
}

/** Runs the rounds of a plan. Ends early, with the results so far, when a round measures nothing. */
export async function successiveHalving(plan: SearchPlan, measure: MeasureRound): Promise<SearchResult> {
  const sums = new Map<Point, { texts: number; ms: number }>();
  const broken = new Set<Point>();
  const rounds: Round[] = [];
  const rateOf = (point: Point): number => {
    const sum = sums.get(point);
    return sum === undefined ? 0 : sum.texts / sum.ms;
  };
  let alive: readonly Point[] = plan.points;
  for (const sliceMs of plan.rounds) {
    const measured = await measure(alive, sliceMs);
    if (measured.size === 0) break;
    rounds.push({ sliceMs, points: measured.size });
    for (const [point, rate] of measured) {
      if (rate === null) {
        broken.add(point);
        continue;
      }
      const sum = sums.get(point) ?? { texts: 0, ms: 0 };
      sums.set(point, { texts: sum.texts + rate * sliceMs, ms: sum.ms + sliceMs });
    }
    alive = survivors(
      alive.filter((point) => sums.has(point) && !broken.has(point)),
      rateOf,
    );
  }
  return {
    finalists: alive,
    rates: new Map([...sums.keys()].map((point) => [point, rateOf(point)])),
    rounds,
  };
}

/** The better half, never fewer than the finalists, and the best of each workers × threads. */
export function survivors(points: readonly Point[], rateOf: (point: Point) => number): Point[] {
  const sorted = [...points].sort((a, b) => rateOf(b) - rateOf(a));
  const count = Math.max(FINALISTS, Math.ceil(sorted.length / 2));
  const shapes = new Set<string>();
  return sorted.filter((point, i) => {
    const isBestOfShape = !shapes.has(shapeName(point));
    shapes.add(shapeName(point));
    return i < count || isBestOfShape;
  });
}
