import { describe, expect, it } from 'vitest';
import { bySimplicity, gridFor, sessionsFor, shapeName, shapesFor } from '../../../../src/tools/tune/grid.js';
import { GRID, MANIFEST, pointOf } from './points.js';

const names = (cores: number, processors = cores, now = { workers: cores, threads: 1 }): string[] =>
  shapesFor({ cores, processors, now }).map(shapeName);

describe('workers × threads', () => {
  it('share the cores out, and never ask for more threads than there are cores', () => {
    expect(names(1)).toEqual(['1 × 1']);
    expect(names(2)).toEqual(['1 × 2', '2 × 1']);
    expect(names(4)).toEqual(['1 × 4', '2 × 2', '4 × 1', '3 × 1']);
    expect(names(6)).toEqual(['1 × 6', '2 × 3', '4 × 1', '6 × 1', '5 × 1']);
    for (let cores = 1; cores <= 64; cores++) {
      for (const { workers, threads } of shapesFor({
        cores,
        processors: cores,
        now: { workers: 1, threads: 1 },
      })) {
        expect(workers * threads).toBeLessThanOrEqual(cores);
      }
    }
  });

  it('try a worker per hyper-thread where there are any', () => {
    expect(names(2, 4)).toEqual(['1 × 2', '2 × 1', '4 × 1']);
  });

  it('hold what is configured now, whatever it is', () => {
    expect(names(2, 2, { workers: 3, threads: 2 })).toContain('3 × 2');
  });

  it('keep to what WORKERS and THREADS_PER_WORKER allow', () => {
    const shapes = shapesFor({ cores: 1000, processors: 2000, now: { workers: 1, threads: 1 } });
    expect(shapes.every(({ workers, threads }) => workers <= 256 && threads <= 64)).toBe(true);
  });
});

describe('session options', () => {
  it('are the known variants, the one of the manifest marked', () => {
    const marked = sessionsFor(MANIFEST).filter(({ isManifest }) => isManifest);
    expect(marked.map(({ name }) => name)).toEqual(['all fusions']);
  });

  it('hold those of a manifest that has others', () => {
    const session = { graph_optimization_level: 'extended', disabled_optimizers: ['GeluFusion'] } as const;
    const variants = sessionsFor({ session });
    expect(variants).toHaveLength(4);
    expect(variants[0]).toEqual({ name: "the manifest's", settings: session, isManifest: true });
  });
});

describe('the grid', () => {
  it('marks one point per workers × threads as the manifest says it', () => {
    expect(GRID).toHaveLength(2 * 3 * 7);
    expect(GRID.filter(({ isManifest }) => isManifest)).toHaveLength(2);
  });

  it('has the budget of the manifest, also when nobody else would try it', () => {
    const batching = { max_padded_tokens: 100, runs_alone: false };
    const grid = gridFor(
      { cores: 1, processors: 1, now: { workers: 1, threads: 1 } },
      { ...MANIFEST, batching },
    );
    expect(new Set(grid.map(({ paddedTokens }) => paddedTokens))).toContain(100);
  });

  it('leaves the budget alone where texts run alone', () => {
    const batching = { max_padded_tokens: 192, runs_alone: true };
    const grid = gridFor(
      { cores: 1, processors: 1, now: { workers: 1, threads: 1 } },
      { ...MANIFEST, batching },
    );
    expect(grid.map(({ paddedTokens }) => paddedTokens)).toEqual([192, 192, 192]);
  });

  it('calls simpler what changes no manifest, then fewer threads, then the smaller budget', () => {
    const points = [
      pointOf(2, 1, 384, 'no fusions'),
      pointOf(1, 2, 384),
      pointOf(2, 1, 384),
      pointOf(2, 1, 64),
      pointOf(2, 1, 192),
    ];
    const sorted = [...points].sort(bySimplicity);
    expect(sorted.map((point) => points.indexOf(point))).toEqual([4, 3, 2, 1, 0]);
  });
});
