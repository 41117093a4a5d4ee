import { expect, it } from 'vitest';
import { AnsweredRing } from '../../../../src/service/feedback/answered-ring.js';

it('finds what it was given, with its source and labels', () => {
  const ring = new AnsweredRing<string>(10, 1000);
  ring.keep('a', { source: 'v1', said: [3] }, 0);
  expect(ring.find('a', 1000)).toEqual({ source: 'v1', said: [3] });
  expect(ring.find('b', 0)).toBeUndefined();
});

it('forgets the oldest when there are too many, and everything after its time', () => {
  const ring = new AnsweredRing<string>(3, 1000);
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries()) ring.keep(name, { source: 'v1', said: [0] }, i);
  expect(ring.size).toBe(3);
  expect(ring.find('a', 4)).toBeUndefined();
  expect(ring.find('b', 4)).toBeDefined();
  expect(ring.find('b', 1002)).toBeUndefined();
  expect(ring.find('c', 1002)).toBeDefined();
  expect(ring.tell('b', 'label', 1002)).toBe(false);
});

it('means the later of two answers with one name, and keeps it until its own turn', () => {
  const ring = new AnsweredRing<string>(3, 1000);
  ring.keep('a', { source: 'v1', said: [0] }, 0);
  ring.keep('b', { source: 'v1', said: [0] }, 0);
  ring.keep('a', { source: 'v2', said: [1] }, 0);
  ring.keep('c', { source: 'v1', said: [0] }, 0);
  // The place of the first `a` has gone to `c`; the second one is still there.
  expect(ring.find('a', 0)).toEqual({ source: 'v2', said: [1] });
  expect(ring.find('b', 0)).toBeDefined();
  ring.keep('d', { source: 'v1', said: [0] }, 0);
  expect(ring.find('b', 0)).toBeUndefined();
  expect(ring.size).toBe(3);
});

it('is told each thing once', () => {
  const ring = new AnsweredRing<string>(2, 1000);
  ring.keep('a', { source: 'v1', said: [0] }, 0);
  expect(ring.tell('a', 'label', 0)).toBe(true);
  expect(ring.tell('a', 'label', 0)).toBe(false);
  expect(ring.tell('a', 'kpi', 0)).toBe(true);
  expect(ring.tell('a', 'kpi', 0)).toBe(false);
  ring.keep('a', { source: 'v1', said: [0] }, 0);
  expect(ring.tell('a', 'label', 0)).toBe(true);
});

it('keeps several labels of one answer, or none, and the list that it was given', () => {
  const ring = new AnsweredRing<string>(2, 1000);
  const said = [0, 2, 70_000];
  ring.keep('several', { source: 'v1', said }, 0);
  ring.keep('none', { source: 'v1', said: [] }, 0);
  expect(ring.find('several', 0)?.said).toBe(said);
  expect(ring.find('none', 0)).toEqual({ source: 'v1', said: [] });
  ring.keep('next', { source: 'v1', said: [1] }, 0);
  expect(ring.find('several', 0)).toBeUndefined();
  expect(ring.find('next', 0)).toEqual({ source: 'v1', said: [1] });
});
