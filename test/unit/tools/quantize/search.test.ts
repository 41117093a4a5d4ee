import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeNode } from '../../../../src/tools/onnx/attributes.js';
import type { Layer } from '../../../../src/tools/quantize/layers.js';
import { leaveOutFewest, type SearchResult } from '../../../../src/tools/quantize/search-layers.js';

const gather = makeNode({ opType: 'Gather', name: 'g', input: ['t', 'i'], output: ['o'] });
const layer = (name: string): Layer => ({
  ...{ kind: 'embedding', name, gather, cast: null, output: 'o', table: 't', rows: 1, columns: 1 },
});

/** Each layer costs some points, and moves the scores by as much. */
async function search(
  costs: readonly number[],
  limit: number,
): Promise<{ found: SearchResult | null; tried: number[]; shifts: number }> {
  const layers = costs.map((_, i) => layer(String(i)));
  const costOf = ({ name }: Layer): number => costs[Number(name)] ?? NaN;
  const tried: number[] = [];
  let shifts = 0;
  const trials = {
    merit: 'accuracy',
    dropPoints: (some: readonly Layer[]) => {
      tried.push(costs.length - some.length);
      return Promise.resolve(some.reduce((sum, one) => sum + costOf(one), 0));
    },
    shift: (one: Layer) => {
      shifts++;
      return Promise.resolve(costOf(one));
    },
  };
  return { found: await leaveOutFewest(layers, limit, trials, () => undefined), tried, shifts };
}

describe('the search for layers to leave out', () => {
  it('leaves none out when the loss is small enough, and then measures no single layer', async () => {
    const { found, tried, shifts } = await search([0.1, 0.2, 0.2], 0.5);
    expect(found?.leftOut).toEqual([]);
    expect(found?.layers.map(({ name }) => name)).toEqual(['0', '1', '2']);
    expect([tried, shifts]).toEqual([[0], 0]);
  });

  it('leaves out the fewest, those first that cost most', async () => {
    const { found, tried } = await search([1, 5, 2, 0.5, 3, 0.25, 0.125], 2);
    expect(found?.leftOut.map(({ name }) => name)).toEqual(['1', '4', '2']);
    expect(found?.layers.map(({ name }) => name)).toEqual(['0', '3', '5', '6']);
    expect(found?.dropPoints).toBeCloseTo(1.875);
    expect(tried).toEqual([0, 1, 2, 4, 3]);
  });

  it('finds the least number whatever the costs are', async () => {
    const costs = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(costs, fc.integer({ min: 0, max: 100 }), async (points, limit) => {
        const sorted = [...points].sort((a, b) => b - a);
        const left = (count: number): number => sorted.slice(count).reduce((sum, cost) => sum + cost, 0);
        const least = sorted.findIndex((_, count) => left(count) <= limit);
        const { found } = await search(points, limit);
        if (least < 0) expect(found).toBeNull();
        else expect(found?.leftOut).toHaveLength(least);
      }),
      { numRuns: 100, seed: 9 },
    );
  });

  it('gives up when one layer alone costs too much', async () => {
    expect((await search([3, 3], 1)).found).toBeNull();
  });
});
