import { expect, it } from 'vitest';
import { RememberedPairs } from '../../../../../src/service/rollout/comparison/remembered-pairs.js';

it('remembers the labels of both, and which of them failed', () => {
  const pairs = new RememberedPairs();
  pairs.set(7n, { stable: { label: 0, score: 0.9 }, canary: { label: 3, score: 0.8 } });
  pairs.set(8n, { stable: { label: 1, score: 0.9 }, canary: null });
  expect(pairs.get(7n)).toEqual({ stable: { label: 0, score: 0 }, canary: { label: 3, score: 0 } });
  expect(pairs.get(8n)).toEqual({ stable: { label: 1, score: 0 }, canary: null });
  expect(pairs.get(9n)).toBeUndefined();
});

it('forgets a text for another one on its slot, and never takes the one for the other', () => {
  const pairs = new RememberedPairs();
  const other = 7n + 2n ** 40n;
  pairs.set(7n, { stable: { label: 0, score: 0 }, canary: { label: 0, score: 0 } });
  expect(pairs.get(other)).toBeUndefined();
  pairs.set(other, { stable: { label: 1, score: 0 }, canary: { label: 1, score: 0 } });
  expect(pairs.get(7n)).toBeUndefined();
  expect(pairs.get(other)?.canary?.label).toBe(1);
});

it('takes no empty slot for the text whose hash is 0', () => {
  expect(new RememberedPairs().get(0n)).toBeUndefined();
});
