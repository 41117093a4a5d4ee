import { expect, it } from 'vitest';
import { AnsweredRing } from '../../../../src/service/feedback/answered-ring.js';

it('finds what it was given, with its source and labels', () => {
  const ring = new AnsweredRing<string>(10, 1000);
  ring.keep('a', { source: 'v1', said: [3], textHash: 7n }, 0);
  expect(ring.find('a', 1000)).toEqual({ source: 'v1', said: [3], textHash: 7n });
  expect(ring.find('b', 0)).toBeUndefined();
});

it('forgets the oldest when there are too many, and everything after its time', () => {
  const ring = new AnsweredRing<string>(3, 1000);
  for (const [i, name] of ['a', 'b', 'c', 'd'].entries())
    ring.keep(name, { source: 'v1', said: [0], textHash: 7n }, i);
  expect(ring.size).toBe(3);
  expect(ring.find('a', 4)).toBeUndefined();
  expect(ring.find('b', 4)).toBeDefined();
  expect(ring.find('b', 1002)).toBeUndefined();
  expect(ring.find('c', 1002)).toBeDefined();
  expect(ring.tell('b', 'label', 1002)).toBe(false);
});

it('means the earlier of two answers with one name, until that one is forgotten', () => {
  const ring = new AnsweredRing<string>(3, 1000);
  const keep = (name: string, source: string, now: number): void => {
    ring.keep(name, { source, said: [0], textHash: 7n }, now);
  };
  keep('a', 'v1', 0);
  ring.tell('a', 'label', 0);
  keep('a', 'v2', 0);
  expect(ring.find('a', 0)?.source).toBe('v1');
  expect(ring.tell('a', 'label', 0)).toBe(false);
  expect(ring.size).toBe(1);
  // The name is free again after the time of the first answer, and once its place has gone to another answer.
  keep('a', 'v2', 1001);
  expect(ring.find('a', 1001)?.source).toBe('v2');
  expect(ring.tell('a', 'label', 1001)).toBe(true);
  for (const name of ['b', 'c', 'd']) keep(name, 'v1', 1001);
  expect(ring.find('a', 1001)).toBeUndefined();
  keep('a', 'v3', 1001);
  expect(ring.find('a', 1001)?.source).toBe('v3');
  expect(ring.size).toBe(3);
});

it('is told each thing once', () => {
  const ring = new AnsweredRing<string>(2, 1000);
  ring.keep('a', { source: 'v1', said: [0], textHash: 7n }, 0);
  expect(ring.tell('a', 'label', 0)).toBe(true);
  expect(ring.tell('a', 'label', 0)).toBe(false);
  expect(ring.tell('a', 'kpi', 0)).toBe(true);
  expect(ring.tell('a', 'kpi', 0)).toBe(false);
});

it('keeps several labels of one answer, or none, and the list that it was given', () => {
  const ring = new AnsweredRing<string>(2, 1000);
  const said = [0, 2, 70_000];
  ring.keep('several', { source: 'v1', said, textHash: 7n }, 0);
  ring.keep('none', { source: 'v1', said: [], textHash: 7n }, 0);
  expect(ring.find('several', 0)?.said).toBe(said);
  expect(ring.find('none', 0)).toEqual({ source: 'v1', said: [], textHash: 7n });
  ring.keep('next', { source: 'v1', said: [1], textHash: 7n }, 0);
  expect(ring.find('several', 0)).toBeUndefined();
  expect(ring.find('next', 0)).toEqual({ source: 'v1', said: [1], textHash: 7n });
});
