import type { Manifest, SessionSettings } from '../../registry/manifest.js';

/** Session options under a name that a person can read. */
export interface SessionVariant {
  readonly name: string;
  readonly settings: SessionSettings;
  /** Whether they equal the manifest's current values. */
  readonly isManifest: boolean;
}

/** Inference processes, and threads in each. */
export interface Shape {
  readonly workers: number;
  readonly threads: number;
}

/** One setting of everything that is measured. */
export interface Point extends Shape {
  /** Largest rows × longest row of one run. */
  readonly paddedTokens: number;
  readonly session: SessionVariant;
  /** Whether budget and session equal the manifest's current values. */
  readonly isManifest: boolean;
}

export interface GridFacts {
  /** Physical cores granted, whole ones. */
  readonly cores: number;
  /** Processors of the affinity mask within the quota; more than `cores` where there are hyper-threads. */
  readonly processors: number;
  /** The current configuration; always part of the grid. */
  readonly now: Shape;
}

/** From a budget that one short text fills to a budget that only a queue under load fills. */
const BUDGETS = [64, 128, 192, 256, 384, 512, 768];

const VARIANTS: readonly Omit<SessionVariant, 'isManifest'>[] = [
  { name: 'all fusions', settings: { graph_optimization_level: 'all', disabled_optimizers: [] } },
  {
    name: 'no SkipLayerNorm fusion',
    settings: { graph_optimization_level: 'all', disabled_optimizers: ['SkipLayerNormFusion'] },
  },
  { name: 'no fusions', settings: { graph_optimization_level: 'basic', disabled_optimizers: [] } },
];

/** Limits of WORKERS and THREADS_PER_WORKER. */
const MAX_WORKERS = 256;
const MAX_THREADS = 64;

/**
 * Ways to share the cores: as many workers as powers of two divide them into, one worker per core, one core left to
 * the process that speaks HTTP, one worker per hyper-thread, and what is configured now.
 */
export function shapesFor({ cores, processors, now }: GridFacts): Shape[] {
  const shapes: Shape[] = [];
  for (let workers = 1; workers < cores; workers *= 2) {
    shapes.push({ workers, threads: Math.floor(cores / workers) });
  }
  shapes.push({ workers: cores, threads: 1 });
  if (cores >= 3) shapes.push({ workers: cores - 1, threads: 1 });
  if (processors > cores) shapes.push({ workers: processors, threads: 1 });
  shapes.push(now);
  const fitting = shapes.filter(({ workers, threads }) => workers <= MAX_WORKERS && threads <= MAX_THREADS);
  const byName = new Map(fitting.map((shape) => [shapeName(shape), shape]));
  return [...byName.values()];
}

/** The session options of the manifest, and those that are known to matter on CPUs. */
export function sessionsFor({ session }: Pick<Manifest, 'session'>): SessionVariant[] {
  const same = (settings: SessionSettings): boolean =>
    settings.graph_optimization_level === session.graph_optimization_level &&
    [...settings.disabled_optimizers].sort().join() === [...session.disabled_optimizers].sort().join();
  const variants = VARIANTS.map((variant) => ({ ...variant, isManifest: same(variant.settings) }));
  if (variants.some(({ isManifest }) => isManifest)) return variants;
  return [{ name: "the manifest's", settings: session, isManifest: true }, ...variants];
}

/** Every combination, the manifest's budget among them. A version that runs alone has no budget to choose. */
export function gridFor(facts: GridFacts, manifest: Pick<Manifest, 'session' | 'batching'>): Point[] {
  const { max_padded_tokens: own, runs_alone: runsAlone } = manifest.batching;
  const budgets = runsAlone ? [own] : [...new Set([...BUDGETS, own])].sort((a, b) => a - b);
  return shapesFor(facts).flatMap((shape) =>
    sessionsFor(manifest).flatMap((session) =>
      budgets.map((paddedTokens) => ({
        workers: shape.workers,
        threads: shape.threads,
        paddedTokens,
        session,
        isManifest: session.isManifest && paddedTokens === own,
      })),
    ),
  );
}

export const shapeName = ({ workers, threads }: Shape): string => `${workers} × ${threads}`;

/** Points that one load of a worker's session serves. */
export const groupName = ({ session, ...shape }: Point): string => `${shapeName(shape)}, ${session.name}`;

export const pointName = (point: Point): string => `${groupName(point)}, ${point.paddedTokens} tokens`;

/**
 * Which of two settings is simpler, for sorting: what needs no change of the manifest, then fewer threads in all,
 * fewer threads per worker, fewer optimizers switched off, the smaller budget.
 */
export function bySimplicity(a: Point, b: Point): number {
  const keys = (point: Point): number[] => [
    point.isManifest ? 0 : 1,
    point.session.isManifest ? 0 : 1,
    point.workers * point.threads,
    point.threads,
    point.session.settings.disabled_optimizers.length,
    point.paddedTokens,
  ];
  const [left, right] = [keys(a), keys(b)];
  const at = left.findIndex((key, i) => key !== right[i]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}
