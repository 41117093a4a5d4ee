import { expect, it } from 'vitest';
import { RememberedPairs } from '../../../../../src/service/rollout/comparison/remembered-pairs.js';
import { pairOf } from '../../../../support/label-versions.js';

it('remembers the labels of both, and which of them failed', () => {
  const pairs = new RememberedPairs();
  pairs.set(7n, pairOf({ label: 0, score: 0.9 }, { label: 3, score: 0.8 }));
  pairs.set(8n, pairOf({ label: 1, score: 0.9 }, null));
  pairs.set(10n, pairOf({ label: 2, score: 0.9 }, { label: 2, score: 0.8 }));
  pairs.set(11n, pairOf(null, { label: 2, score: 0.8 }));
  expect(pairs.get(7n)).toEqual(pairOf({ label: 0, score: 0 }, { label: 3, score: 0 }));
  expect(pairs.get(8n)).toEqual(pairOf({ label: 1, score: 0 }, null));
  expect(pairs.get(10n)).toEqual(pairOf({ label: 2, score: 0 }, { label: 2, score: 0 }));
  expect(pairs.get(11n)).toEqual(pairOf(null, { label: 2, score: 0 }));
  expect(pairs.get(9n)).toBeUndefined();
});

it('remembers several labels of a text, none, and whether the versions differ', () => {
  const pairs = new RememberedPairs();
  const said = [0, 2];
  pairs.set(7n, {
    stable: { said, score: 0.9 },
    canary: { said: [], score: 0.4 },
    difference: { flip: true, distance: -0.5 },
  });
  pairs.set(8n, {
    stable: { said: [], score: 0.3 },
    canary: { said: [], score: 0.4 },
    difference: { flip: false, distance: 0.1 },
  });
  expect(pairs.get(7n)).toEqual({
    stable: { said, score: 0 },
    canary: { said: [], score: 0 },
    difference: { flip: true, distance: 0 },
  });
  // The list itself, which many texts share.
  expect(pairs.get(7n)?.stable?.said).toBe(said);
  expect(pairs.get(8n)).toEqual({
    stable: { said: [], score: 0 },
    canary: { said: [], score: 0 },
    difference: { flip: false, distance: 0 },
  });
  // The task has said it, which may look at more than the labels.
  pairs.set(9n, {
    ...pairOf({ label: 1, score: 1 }, { label: 1, score: 0 }),
    difference: { flip: true, distance: 1 },
  });
  expect(pairs.get(9n)?.difference).toEqual({ flip: true, distance: 0 });
});

it('forgets a text for another one on its slot, and never takes the one for the other', () => {
  const pairs = new RememberedPairs();
  const other = 7n + 2n ** 40n;
  pairs.set(7n, pairOf({ label: 0, score: 0 }, { label: 2, score: 0 }));
  expect(pairs.get(other)).toBeUndefined();
  pairs.set(other, pairOf({ label: 1, score: 0 }, { label: 1, score: 0 }));
  expect(pairs.get(7n)).toBeUndefined();
  expect(pairs.get(other)?.canary?.said).toEqual([1]);
  expect(pairs.get(other)?.difference?.flip).toBe(false);
});

it('takes no empty slot for the text whose hash is 0', () => {
  expect(new RememberedPairs().get(0n)).toBeUndefined();
});
