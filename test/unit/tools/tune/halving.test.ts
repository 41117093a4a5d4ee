import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../../src/base/seeded-random.js';
import { shapeName, type Point } from '../../../../src/tools/tune/grid.js';
import { successiveHalving, survivors } from '../../../../src/tools/tune/halving.js';
import { planSearch, SETTLE_MS } from '../../../../src/tools/tune/search-plan.js';
import { GRID, pointOf } from './points.js';

/** A machine: two workers beat one with two threads, budgets have an optimum, a fusion costs a little. */
function trueRate({ workers, paddedTokens, session }: Point): number {
  const shape = workers === 2 ? 1000 : 800;
  const budget = 1 - 0.08 * Math.log2(paddedTokens / 256) ** 2;
  return shape * budget * (session.name === 'no fusions' ? 0.85 : session.name === 'all fusions' ? 0.97 : 1);
}

/** Standard normal (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const spent = (rounds: readonly { points: number; sliceMs: number }[], loadMs: number): number =>
  rounds.reduce(
    (sum, { points, sliceMs }) => sum + points * (sliceMs + SETTLE_MS) + Math.min(points, 6) * loadMs,
    0,
  );

describe('the plan', () => {
  it('searches the whole grid when there is time, each round over half of the points of the last', () => {
    const plan = planSearch(GRID, 165_000, 800);
    expect(plan.leftOut).toBeNull();
    expect(plan.points).toHaveLength(42);
    expect(plan.rounds).toHaveLength(4);
    expect([...plan.rounds].sort((a, b) => a - b)).toEqual(plan.rounds);
  });

  it('keeps to the time', async () => {
    for (const timeMs of [20_000, 60_000, 165_000, 600_000]) {
      const plan = planSearch(GRID, timeMs, 800);
      const { rounds } = await successiveHalving(plan, (points) =>
        Promise.resolve(new Map(points.map((point) => [point, trueRate(point)]))),
      );
      // The best of each workers × threads may stay beside the better half.
      expect(spent(rounds, 800)).toBeLessThanOrEqual(1.25 * timeMs);
    }
  });

  it('narrows the grid rather than measure slices that say nothing, and says so', () => {
    const [some, few, none] = [70_000, 14_000, 1_000].map((timeMs) => planSearch(GRID, timeMs, 800));
    expect(some?.leftOut).toBe('every second token budget');
    expect(few?.leftOut).toMatch(/^session options other than the manifest's, and/);
    expect(none?.leftOut).toBe("token budgets and session options other than the manifest's");
    expect(none?.points.every(({ isManifest }) => isManifest)).toBe(true);
    for (const plan of [some, few, none]) {
      expect(plan?.points.some(({ isManifest }) => isManifest)).toBe(true);
      expect(plan?.rounds.every((sliceMs) => sliceMs >= 400)).toBe(true);
    }
  });
});

describe('successive halving', () => {
  it('keeps the better half, the finalists, and the best of each workers × threads', () => {
    const kept = survivors(GRID, trueRate);
    expect(kept[0]).toBe(pointOf(2, 1, 256, 'no SkipLayerNorm fusion'));
    expect(kept.length).toBeGreaterThanOrEqual(21);
    expect(survivors(GRID.slice(0, 4), trueRate)).toHaveLength(4);
    const ofTwo = GRID.filter(({ workers }) => workers === 2);
    const slow = pointOf(1, 2, 64, 'no fusions');
    expect(survivors([...ofTwo, slow], trueRate)).toContain(slow);
  });

  it.each([
    ['a quiet machine', 0.01, 0.98, 60],
    ['a noisy one', 0.05, 0.95, 57],
  ])('has a point within so much of the best among the finalists on %s', async (_, noise, share, least) => {
    const best = Math.max(...GRID.map(trueRate));
    const plan = planSearch(GRID, 165_000, 800);
    let good = 0;
    for (let seed = 0; seed < 60; seed++) {
      const random = seededRandom(seed);
      const { finalists } = await successiveHalving(plan, (points, sliceMs) => {
        // A slice four times as long is half as noisy.
        const sd = noise * Math.sqrt(500 / sliceMs);
        return Promise.resolve(
          new Map(points.map((point) => [point, trueRate(point) * (1 + sd * normal(random))])),
        );
      });
      expect(new Set(finalists.map(shapeName)).size).toBe(2);
      if (finalists.some((point) => trueRate(point) >= share * best)) good++;
    }
    expect(good).toBeGreaterThanOrEqual(least);
  });

  it('drops what could not be measured, and ends with what is known when time is up', async () => {
    const broken = pointOf(2, 1, 256);
    let rounds = 0;
    const { finalists, rates } = await successiveHalving(planSearch(GRID, 165_000, 800), (points) => {
      if (++rounds > 2) return Promise.resolve(new Map());
      return Promise.resolve(
        new Map(points.map((point) => [point, point === broken ? null : trueRate(point)])),
      );
    });
    expect(rounds).toBe(3);
    expect(finalists).not.toContain(broken);
    expect(rates.has(broken)).toBe(false);
    expect(finalists.length).toBeGreaterThanOrEqual(4);
  });
});
