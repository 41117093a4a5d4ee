import { expect, it } from 'vitest';
import { ToldWaits } from '../../../../src/engine/dispatch/told-waits.js';

const tell = (waits: ToldWaits, client: string, at: number, waitMs: number): void => {
  waits.tell(client, { at, dueAt: at + waitMs, workMs: 10 });
};

it('the work of callers that wait is owed until they are here', () => {
  const waits = new ToldWaits();
  tell(waits, 'a', 0, 1_000);
  tell(waits, 'a', 0, 2_000);
  tell(waits, 'b', 0, 1_000);
  expect(waits.owedMs(0)).toBe(30);
  waits.arrived('a', 1_000);
  expect(waits.owedMs(1_000)).toBe(20);
});

it('a caller that does not come back is owed nothing after a moment', () => {
  const waits = new ToldWaits();
  tell(waits, 'a', 0, 1_000);
  expect(waits.owedMs(1_200)).toBe(10);
  expect(waits.owedMs(1_201)).toBe(0);
});

it('a caller that comes back early gives up its place, and callers of one moment do not', () => {
  const waits = new ToldWaits();
  tell(waits, 'a', 0, 5_000);
  tell(waits, 'a', 0, 6_000);
  waits.arrived('a', 150);
  expect(waits.owedMs(150)).toBe(20);
  waits.arrived('a', 250);
  expect(waits.owedMs(250)).toBe(10);
  waits.arrived('a', 5_000);
  expect(waits.owedMs(5_000)).toBe(0);
});

it('waits that have passed are not owed, although a longer one was told before', () => {
  const waits = new ToldWaits();
  tell(waits, 'a', 0, 30_000);
  tell(waits, 'a', 0, 1_000);
  expect(waits.owedMs(2_000)).toBe(10);
});

it('a timer that is a little early counts as a wait', () => {
  const waits = new ToldWaits();
  tell(waits, 'a', 0, 1_000);
  tell(waits, 'a', 0, 3_000);
  waits.arrived('a', 960);
  expect(waits.owedMs(960)).toBe(10);
});

it('remembers a bounded number of clients and of waits', () => {
  const waits = new ToldWaits();
  for (let i = 0; i < 2_000; i++) tell(waits, `client ${i}`, 0, 1_000);
  for (let i = 0; i < 2_000; i++) tell(waits, 'client 1999', 0, 1_000);
  expect(waits.owedMs(0)).toBe((1_000 + 255) * 10);
});
