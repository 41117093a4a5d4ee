import { groupName, type Point } from './grid.js';

/** Settings that are measured to the end; the best of each workers × threads is among them, too. */
export const FINALISTS = 4;

/** Let pass before a slice counts: the queue fills and the batches take their size. */
export const SETTLE_MS = 100;

/** Below this a slice says too little: some hundred texts, a few per cent of noise. */
const MIN_SLICE_MS = 400;

/** The points that are measured within the time, and the duration of each. */
export interface SearchPlan {
  readonly points: readonly Point[];
  /** Milliseconds per point in each round; after each the better half stays. Empty: nothing to search. */
  readonly rounds: readonly number[];
  /** The part of the grid that the time did not allow; null when the whole grid is searched. */
  readonly leftOut: string | null;
}

const NARROWINGS: readonly {
  readonly leftOut: string | null;
  readonly narrow: (grid: Point[]) => Point[];
}[] = [
  { leftOut: null, narrow: (grid) => grid },
  { leftOut: 'every second token budget', narrow: everySecondBudget },
  {
    leftOut: "session options other than the manifest's, and every second token budget",
    narrow: (grid) => everySecondBudget(grid.filter(({ session }) => session.isManifest)),
  },
  {
    leftOut: "token budgets and session options other than the manifest's",
    narrow: (grid) => grid.filter(({ isManifest }) => isManifest),
  },
];

/**
 * Successive halving (Karnin, Koren and Somekh, 2013): every round has the same time, and half of the points
 * of the one before it, so that the best candidates are measured longer and longer. A grid that would give
 * its first round slices too short to tell anything is narrowed instead.
 * @param timeMs for all rounds together
 * @param loadMs what loading one group of points into the workers takes
 */
export function planSearch(grid: readonly Point[], timeMs: number, loadMs: number): SearchPlan {
  let plan: SearchPlan = { points: [], rounds: [], leftOut: null };
  for (const { leftOut, narrow } of NARROWINGS) {
    const points = narrow([...grid]);
    const rounds = slices(points, timeMs, loadMs);
    plan = { points, rounds, leftOut };
    if (rounds.every((sliceMs) => sliceMs >= MIN_SLICE_MS)) return plan;
  }
  // No round fits: the remaining points go directly to the final.
  return { ...plan, rounds: [] };
}

function slices(points: readonly Point[], timeMs: number, loadMs: number): number[] {
  const sizes: number[] = [];
  for (let size = points.length; size > FINALISTS; size = Math.max(FINALISTS, Math.ceil(size / 2))) {
    sizes.push(size);
  }
  const groups = new Set(points.map(groupName)).size;
  return sizes.map((size) => {
    const loadsMs = Math.min(size, groups) * loadMs;
    return (timeMs / sizes.length - loadsMs) / size - SETTLE_MS;
  });
}

function everySecondBudget(grid: readonly Point[]): Point[] {
  const budgets = [...new Set(grid.map(({ paddedTokens }) => paddedTokens))].sort((a, b) => a - b);
  const own = grid.find(({ isManifest }) => isManifest)?.paddedTokens ?? 0;
  const parity = Math.max(0, budgets.indexOf(own)) % 2;
  const kept = new Set(budgets.filter((_, i) => i % 2 === parity));
  return grid.filter(({ paddedTokens }) => kept.has(paddedTokens));
}
