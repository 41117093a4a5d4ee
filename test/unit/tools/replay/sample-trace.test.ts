import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distinctTexts } from '../../../../src/tools/traffic/distinct-texts.js';
import { sampleTrace, ZipfSampler } from '../../../../src/tools/replay/sample-trace.js';
import { seededRandom } from '../../../../src/base/seeded-random.js';
import { devSentences } from '../../../../src/tools/traffic/sentences.js';
import { ROOT } from '../../../support/repository.js';

const SENTENCES = ['a fine film', 'it is dull , and long', 'one of the best of the year'];

const take = <T>(items: Iterable<T>, wanted: number): T[] => {
  const taken: T[] = [];
  for (const item of items) if (taken.push(item) === wanted) break;
  return taken;
};

describe('the Zipf sampler', () => {
  it.each([0.6, 1, 1.4])('draws each rank as often as the law says (exponent %d)', (exponent) => {
    const [ranks, draws] = [200, 200_000];
    const sampler = new ZipfSampler(ranks, exponent, seededRandom(5));
    const counts = new Float64Array(ranks + 1);
    for (let i = 0; i < draws; i++) {
      const rank = sampler.next();
      counts[rank] = (counts[rank] ?? 0) + 1;
    }
    const weights = Array.from({ length: ranks }, (_, i) => (i + 1) ** -exponent);
    const sum = weights.reduce((total, weight) => total + weight, 0);
    // Pearson's statistic: 199 degrees of freedom, 99.9th percentile 267.
    const chiSquare = weights.reduce((total, weight, i) => {
      const expected = (draws * weight) / sum;
      return total + ((counts[i + 1] ?? 0) - expected) ** 2 / expected;
    }, 0);
    expect(chiSquare).toBeLessThan(267);
    expect(counts[0]).toBe(0);
  });

  it('stays within the ranks at both ends of the source', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1 - 2 ** -32, noNaN: true }),
        (ranks, value) => {
          const rank = new ZipfSampler(ranks, 1, () => value).next();
          expect(rank).toBeGreaterThanOrEqual(1);
          expect(rank).toBeLessThanOrEqual(ranks);
        },
      ),
    );
  });
});

describe('distinct texts', () => {
  it('are the sentences, then others, and none twice', () => {
    const texts = take(distinctTexts(SENTENCES, seededRandom(1)), 5000);
    expect(texts.slice(0, 3)).toEqual(SENTENCES);
    expect(new Set(texts).size).toBe(5000);
  });

  it('do not run out when there is one word', () => {
    expect(new Set(take(distinctTexts(['fine', 'fine'], seededRandom(1)), 50)).size).toBe(50);
    // Where the first number to try is taken.
    expect(
      take(
        distinctTexts(['a', 'a 0'], () => 0),
        3,
      )[2],
    ).not.toBe('a 0');
  });

  it('keep the number of words', () => {
    const lengths = take(distinctTexts(SENTENCES, seededRandom(1)), 60).map((text) => text.split(' ').length);
    expect(new Set(lengths)).toEqual(new Set([3, 6, 7]));
  });
});

describe('a sample trace', () => {
  const trace = (seed: number, requests = 3000): string[] => [
    ...sampleTrace(SENTENCES, { requests, exponent: 1, seed }),
  ];

  it('is the same every time, and another one with another seed', () => {
    expect(trace(1)).toEqual(trace(1));
    expect(trace(1)).not.toEqual(trace(2));
  });

  it('has a head of few texts and a long tail', () => {
    const counts = new Map<string, number>();
    for (const text of trace(1)) counts.set(text, (counts.get(text) ?? 0) + 1);
    const sorted = [...counts.values()].sort((a, b) => b - a);
    // Rank 1 of 3,000 has a share of 1 / (1 + 1/2 + … + 1/3000) = 11.6 %.
    expect((sorted[0] ?? 0) / 3000).toBeCloseTo(0.116, 1);
    expect(counts.size).toBeGreaterThan(900);
    expect(sorted.filter((times) => times === 1).length).toBeGreaterThan(500);
  });

  it('needs sentences, and says which flag takes a file of them', () => {
    expect(() => devSentences(`${ROOT}test`, '--lengths FILE')).toThrow(
      /^No sentences to make texts of: .*; name a file of your own with --lengths FILE\.$/,
    );
  });

  it('of the shipped sentences is byte for byte this one', () => {
    const sentences = devSentences(`${ROOT}model-registry/sentiment/v1`, '--from FILE');
    expect(sentences).toHaveLength(872);
    const hash = createHash('sha256');
    for (const text of sampleTrace(sentences, { requests: 50_000, exponent: 1, seed: 1 })) {
      hash.update(`${JSON.stringify({ text })}\n`);
    }
    expect(hash.digest('hex')).toMatchInlineSnapshot(
      `"7c234bf470be322c3b6914d622ac95c4c33622498391cbcc911b976e89a0f58c"`,
    );
  });
});
