import { expect, it } from 'vitest';
import { ClientShares } from '../../../../src/engine/dispatch/client-shares.js';
import { Forecast, type RunningMessage } from '../../../../src/engine/dispatch/forecast.js';

const message = (takenAt: number, seat: object = {}, predictedMs = 10): RunningMessage => ({
  workMs: predictedMs,
  predictedMs,
  takenAt,
  isFull: false,
  seat,
});

const forecastOf = (workers: number): Forecast => new Forecast(new ClientShares(), () => workers);

it('follows a machine that becomes slower within a second, and forgets it when nothing runs', () => {
  const forecast = forecastOf(1);
  for (let now = 0; now < 1_000; now += 50) {
    const run = message(now);
    forecast.began(run);
    forecast.ended(run, 50, now + 50);
  }
  expect(forecast.runMs(10, 1_000)).toBeGreaterThan(40);
  expect(forecast.runMs(10, 60_000)).toBeCloseTo(10, 1);
});

it('a single late message is a worker that hangs, and counts as none', () => {
  const forecast = forecastOf(2);
  const before = forecast.drainMs(100, 1_000);
  const hangs = {};
  forecast.began(message(0, hangs));
  forecast.began(message(0, hangs));
  forecast.began(message(990));
  expect(forecast.drainMs(100, 1_000)).toBeCloseTo(2 * before);
});

it('late messages of all workers are a slow machine', () => {
  const forecast = forecastOf(2);
  const before = forecast.drainMs(100, 1_000);
  forecast.began(message(0));
  forecast.began(message(500 - 1));
  expect(forecast.drainMs(100, 1_000)).toBeGreaterThan(40 * before);
});

it('a single short run does not decide alone', () => {
  const forecast = forecastOf(1);
  const run = message(0, {}, 2);
  forecast.began(run);
  forecast.ended(run, 60, 60);
  expect(forecast.runMs(10, 60)).toBeLessThan(100);
});

it('work cannot be done sooner than its longest run', () => {
  const forecast = forecastOf(8);
  expect(forecast.finishMs('a', 10, 40, 0)).toBe(40);
  expect(forecast.aloneMs(10, 40, 0)).toBe(40);
});
