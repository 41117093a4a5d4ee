import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { HangWatch } from '../../../../src/engine/pool/hang-watch.js';

const LIMIT_MS = 1_000;

/** Share of the wall time that the process has a processor. */
let share: number;
let wantsToRun: boolean;
let usedMs: number;
let hung: number[];
let watch: HangWatch;

/** The process goes on as it does now. */
function pass(ms: number): void {
  for (let i = 0; i < ms; i += 10) {
    usedMs += 10 * share;
    vi.advanceTimersByTime(10);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  [share, wantsToRun, usedMs, hung] = [1, true, 50_000, []];
  const startedAt = Date.now();
  watch = new HangWatch(
    1,
    LIMIT_MS,
    () => hung.push(Date.now() - startedAt),
    () => ({ usedMs: Math.floor(usedMs / 10) * 10, wantsToRun }),
  );
});
afterEach(() => {
  watch.stop();
  vi.useRealTimers();
});

it('a process that has a processor all the time hangs when its time is over', () => {
  pass(LIMIT_MS - 10);
  expect(hung).toEqual([]);
  pass(60);
  expect(hung).toHaveLength(1);
});

it('a process that sleeps or is stopped hangs when its time is over', () => {
  [share, wantsToRun] = [0, false];
  pass(LIMIT_MS + 10);
  expect(hung).toHaveLength(1);
});

it('a process that gets a fifth of a processor has five times as long for the second half', () => {
  share = 0.2;
  pass(2_900);
  expect(hung).toEqual([]);
  pass(200);
  expect(hung).toHaveLength(1);
});

it('a process that gets no processor is waited for, and hangs soon when it then sleeps', () => {
  share = 0;
  pass(20 * LIMIT_MS);
  expect(hung).toEqual([]);
  wantsToRun = false;
  pass(LIMIT_MS);
  expect(hung).toHaveLength(1);
});

it('work that ends in time, or while the process is held up, is no hang', () => {
  share = 0;
  pass(2 * LIMIT_MS);
  watch.stop();
  share = 1;
  pass(20 * LIMIT_MS);
  expect(hung).toEqual([]);
});

it('the clock alone counts where the kernel does not tell', () => {
  const onHung = vi.fn();
  new HangWatch(1, LIMIT_MS, onHung, () => null);
  new HangWatch(undefined, LIMIT_MS, onHung);
  pass(LIMIT_MS + 10);
  expect(onHung).toHaveBeenCalledTimes(2);
});
