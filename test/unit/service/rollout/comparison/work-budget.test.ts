import { expect, it } from 'vitest';
import { textHash } from '../../../../../src/rollout/evidence/seen-texts.js';
import { WorkBudget } from '../../../../../src/service/rollout/comparison/work-budget.js';

/** 5 % of two workers. */
const RATE = 0.1;

/** Asks for `perS` texts a second, each of `costMs`, for as long; what was spent and which share was asked for at the end. */
function run(
  seconds: number,
  perS: number,
  costMs: number,
): { spentMs: number; granted: number; share: number } {
  const budget = new WorkBudget(0);
  let spentMs = 0;
  let granted = 0;
  const texts = Math.round(seconds * perS);
  for (let i = 0; i < texts; i++) {
    const now = (i / perS) * 1000;
    const place = Number(textHash(String(i)) >> 32n) / 2 ** 32;
    if (place >= budget.shareAt(now)) continue;
    const reservedMs = budget.reserve(RATE, now);
    if (reservedMs === null) continue;
    budget.settle(reservedMs, costMs);
    spentMs += costMs;
    granted++;
  }
  return { spentMs, granted, share: budget.shareAt(seconds * 1000) };
}

it('spends no more than the budget, whatever is asked for', () => {
  for (const [perS, costMs] of [
    [500, 4],
    [50, 200],
    [2000, 1],
  ] as const) {
    const { spentMs } = run(60, perS, costMs);
    // A full bucket at the beginning, and a debt of one text at the end.
    expect(spentMs).toBeLessThanOrEqual(60_000 * RATE + 1000 * RATE + costMs);
    expect(spentMs).toBeGreaterThan(60_000 * RATE * 0.7);
  }
});

it('takes every text while the budget suffices', () => {
  const { granted, share } = run(60, 20, 4);
  expect(granted).toBe(1200);
  expect(share).toBe(1);
});

it('lowers the share of texts to what the budget suffices for, and raises it again when there is less to do', () => {
  const budget = new WorkBudget(0);
  let now = 0;
  const second = (texts: number): void => {
    for (let i = 0; i < texts; i++) {
      now += 1000 / texts;
      if (i / texts >= budget.shareAt(now)) continue;
      const reservedMs = budget.reserve(RATE, now);
      if (reservedMs !== null) budget.settle(reservedMs, 10);
    }
  };
  for (let i = 0; i < 30; i++) second(100);
  // 100 ms of work a second are ten texts of a hundred.
  expect(budget.shareAt(now)).toBeGreaterThan(0.05);
  expect(budget.shareAt(now)).toBeLessThan(0.2);
  for (let i = 0; i < 60; i++) second(1);
  expect(budget.shareAt(now)).toBe(1);
});

it('gives back what a text that was never run had reserved', () => {
  const budget = new WorkBudget(0);
  for (let i = 0; i < 1000; i++) {
    const reservedMs = budget.reserve(RATE, 0);
    if (reservedMs === null) throw new Error(`refused at ${String(i)}`);
    budget.settle(reservedMs, null);
  }
});

it('grants nothing without a budget', () => {
  const budget = new WorkBudget(0);
  expect(budget.reserve(0, 0)).toBeNull();
  expect(budget.reserve(0, 1e9)).toBeNull();
});
