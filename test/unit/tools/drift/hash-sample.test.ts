import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seededRandom, shuffled } from '../../../../src/base/seeded-random.js';
import { HashSample } from '../../../../src/tools/drift/hash-sample.js';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const TEXTS = Array.from({ length: 500 }, (_, i) => `text ${i}`);

function sampleOf(texts: readonly string[], size: number): string[] {
  const sample = new HashSample(size);
  texts.forEach((text, i) => {
    sample.offer(i + 1, text);
  });
  return sample.texts().map(({ text }) => text);
}

describe('the sample', () => {
  it('is the distinct texts with the smallest hashes, whatever the order of the lines', () => {
    const smallest = [...TEXTS].sort((a, b) => (sha256(a) < sha256(b) ? -1 : 1)).slice(0, 40);
    for (const seed of [1, 2, 3]) {
      const order = shuffled([...TEXTS, ...TEXTS], seededRandom(seed));
      expect(sampleOf(order, 40).sort()).toEqual([...smallest].sort());
    }
  });

  it('keeps the order and the first line of each text', () => {
    const sample = new HashSample(10);
    for (const [line, text] of [
      [3, 'b'],
      [5, 'a'],
      [9, 'b'],
    ] as const) {
      sample.offer(line, text);
    }
    expect(sample.texts()).toEqual([
      { line: 3, text: 'b', hash: sha256('b') },
      { line: 5, text: 'a', hash: sha256('a') },
    ]);
  });

  it('is all of them when there are fewer', () => {
    expect(sampleOf(TEXTS, 1000)).toEqual(TEXTS);
  });
});
