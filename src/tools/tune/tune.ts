import type { Processors } from '../../base/machine/processors.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { choose, mean, type Choice, type Measured } from './choose-setting.js';
import { compareWithGrid, type GridComparison } from './full-grid.js';
import { gridFor, type Point, type Shape } from './grid.js';
import { successiveHalving, type SearchResult } from './halving.js';
import { join, Measurements } from './measurements.js';
import { PointRunner } from './point-runner.js';
import type { RigSettings } from './scheduler-rig.js';
import { planSearch, SETTLE_MS, type SearchPlan } from './search-plan.js';

export interface TuneOptions {
  readonly version: ModelVersion;
  /** At least one; sent in this order, again and again. */
  readonly texts: readonly string[];
  readonly processors: Processors;
  readonly now: Shape;
  readonly settings: RigSettings;
  readonly sloP95Ms: number | null;
  /** For everything but the full grid. */
  readonly limitMs: number;
  /** Also measure every point, and report the loss of the choice against the best of them. */
  readonly fullGrid: boolean;
  readonly signal: AbortSignal;
  readonly say: (sentence: string) => void;
}

export interface TuneResult {
  readonly ended: 'done' | 'interrupted';
  readonly clients: number;
  readonly grid: readonly Point[];
  readonly plan: SearchPlan;
  readonly search: SearchResult;
  readonly measured: readonly Measured[];
  /** Null when nothing was measured before the end. */
  readonly choice: Choice | null;
  readonly gridComparison: GridComparison | null;
}

/** Enough that every worker finds a batch's worth of texts waiting. */
const CLIENTS_PER_CORE = 32;

/** Shares of the time that the search, the final and the open loop get. */
const SEARCH_SHARE = 0.55;
const FINAL_SHARE = 0.25;

const REPETITIONS = 3;
const LEAST_SLICE_MS = 300;

/** Offered rates, as shares of the best finalist's rate in the closed loop. */
const LADDER = [0.4, 0.6, 0.8, 0.95];

/** A rung lasts until its last answer, which comes late where the rate is more than is sustained. */
const LADDER_SLACK = 1.3;

/**
 * Finds the setting for this machine and version: successive halving over the grid, then the best of it in turn and
 * repeatedly, then the same under fixed rates.
 * @throws StartError when the version cannot be loaded
 */
export async function tune(options: TuneOptions): Promise<TuneResult> {
  const { version, texts, processors, now, signal, say } = options;
  const startedAt = performance.now();
  const runner = new PointRunner(version, texts, options.settings, signal);
  const clients = CLIENTS_PER_CORE * processors.granted;
  const measurements = new Measurements(runner, { clients, signal, onProgress: say });
  const withinQuota = Math.max(1, Math.floor(Math.min(processors.processors, processors.quota)));
  const grid = gridFor({ cores: processors.granted, processors: withinQuota, now }, version.manifest);
  const state = {
    plan: { points: grid, rounds: [], leftOut: null } as SearchPlan,
    search: { finalists: [], rates: new Map(), rounds: [] } as SearchResult,
    rates: new Map<Point, number[]>(),
    ladders: new Map<Point, Measured['rungs']>(),
    gridComparison: null as GridComparison | null,
  };
  const measuredSoFar = (): Measured[] => {
    if (state.rates.size > 0) return join(state.rates, state.ladders);
    return join(new Map([...state.search.rates].map(([point, rate]) => [point, [rate]])), new Map());
  };
  try {
    await run();
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await runner.close();
  }
  const measured = measuredSoFar();
  return {
    ended: signal.aborted ? 'interrupted' : 'done',
    clients,
    grid,
    plan: state.plan,
    search: state.search,
    measured,
    choice: measured.length === 0 ? null : choose(measured, options.sloP95Ms),
    gridComparison: state.gridComparison,
  };

  async function run(): Promise<void> {
    const isNow = ({ workers, threads, isManifest }: Point): boolean =>
      workers === now.workers && threads === now.threads && isManifest;
    const current = grid.find(isNow);
    if (current === undefined) throw new Error('the grid lacks the present setting');
    await runner.prepare(current, current.paddedTokens);
    const loadMs = performance.now() - startedAt;
    const searchUntil = startedAt + SEARCH_SHARE * options.limitMs;
    state.plan = planSearch(grid, searchUntil - performance.now(), loadMs);
    const { plan } = state;
    say(`${plan.points.length} of ${grid.length} settings; loading one takes ${Math.round(loadMs)} ms`);
    state.search = await successiveHalving(plan, (points, sliceMs) =>
      measurements.round(points, sliceMs, searchUntil),
    );
    const best = state.search.finalists;
    const finalists = best.includes(current) ? best : [...best, current];

    const finalUntil = startedAt + (SEARCH_SHARE + FINAL_SHARE) * options.limitMs;
    const perFinalistMs = (finalUntil - performance.now()) / finalists.length;
    const sliceOf = (repetitions: number): number => perFinalistMs / repetitions - loadMs - SETTLE_MS;
    const repetitions = [REPETITIONS, 2].find((count) => sliceOf(count) >= LEAST_SLICE_MS) ?? 1;
    const sliceMs = Math.max(LEAST_SLICE_MS, sliceOf(repetitions));
    state.rates = await measurements.repeat(finalists, sliceMs, repetitions, finalUntil);

    const until = startedAt + options.limitMs;
    const most = Math.max(...[...state.rates.values()].map(mean));
    const rungMs = ((until - performance.now()) / finalists.length - loadMs) / (LADDER_SLACK * LADDER.length);
    state.ladders = await measurements.ladder(
      [...state.rates.keys()],
      LADDER.map((share) => share * most),
      Math.max(LEAST_SLICE_MS, rungMs),
      until,
    );
    if (!options.fullGrid || state.rates.size === 0) return;
    const { chosen } = choose(measuredSoFar(), options.sloP95Ms);
    state.gridComparison = await compareWithGrid(measurements, grid, chosen.point, say);
  }
}
