import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type BenchReply, readAnswer } from '../../../../src/tools/bench/read-answer.js';
import { reportLoad } from '../../../../src/tools/bench/load-report.js';
import { loadName, ratesFor } from '../../../../src/tools/bench/loads.js';
import type { RoundSlice } from '../../../../src/tools/bench/measure-loads.js';
import { MOST_UNDER_WAY, runSlice, type SliceOptions } from '../../../../src/tools/bench/run-slice.js';
import { poissonArrivals, randomArrivals } from '../../../../src/tools/traffic/schedule.js';
import { seededRandom } from '../../../../src/base/seeded-random.js';

const OK: BenchReply = { ok: true, isHit: false, tokens: 12, serverTiming: 'inference;dur=1, total;dur=1' };
const never = new AbortController().signal;

const run = async (options: Partial<SliceOptions>): Promise<RoundSlice> => ({
  round: 0,
  ...(await runSlice({
    load: { kind: 'open', ratePerS: 200 },
    sliceMs: 500,
    seed: 1,
    send: () => Promise.resolve(OK),
    signal: never,
    ...options,
  })),
});

describe('an answer', () => {
  const raw = (status: number, content: string, serverTiming?: string) =>
    readAnswer({ status, content, serverTiming });

  it('of Serin is read with its tokens, its level and its timings', () => {
    expect(raw(200, '{"label":"POSITIVE","cache_hit":true,"tokens":7}', 'total;dur=1')).toEqual({
      ok: true,
      isHit: true,
      tokens: 7,
      serverTiming: 'total;dur=1',
    });
  });

  it('of any other server is a prediction when it is a JSON object', () => {
    expect(raw(200, '{"label":1}')).toEqual({ ok: true, isHit: false, tokens: null, serverTiming: null });
    expect(raw(200, '<html>')).toEqual({ ok: false, code: 'UNREADABLE_ANSWER' });
  });

  it('is a failure by its code otherwise', () => {
    expect(raw(429, '{"code":"OVERLOADED"}')).toEqual({ ok: false, code: 'OVERLOADED' });
    expect(raw(502, 'Bad gateway')).toEqual({ ok: false, code: 'HTTP_502' });
    expect(readAnswer('NO_ANSWER')).toEqual({ ok: false, code: 'NO_ANSWER' });
  });
});

describe('arrivals', () => {
  it('come as often as asked for, as far apart as by chance, the same for a seed', () => {
    const times = poissonArrivals(1000, 60_000, seededRandom(7));
    // Four standard errors of a Poisson count.
    expect(Math.abs(times.length - 60_000)).toBeLessThan(4 * Math.sqrt(60_000));
    const gaps = Float64Array.from(times, (time, i) => time - (times[i - 1] ?? 0));
    const mean = gaps.reduce((a, b) => a + b) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Of exponential gaps the standard deviation is the mean.
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
    expect(poissonArrivals(1000, 60_000, seededRandom(7))).toEqual(times);
  });
});

describe('so many arrivals', () => {
  it('are just as many, in order, within their time, evenly over it', () => {
    const times = randomArrivals(20_000, 200, 700, seededRandom(3));
    expect(times).toHaveLength(20_000);
    expect(times).toEqual(Float64Array.from(times).sort());
    expect(times[0]).toBeGreaterThanOrEqual(200);
    expect(times.at(-1)).toBeLessThan(700);
    // Five standard errors of a half of them.
    const firstHalf = times.filter((time) => time < 450).length;
    expect(Math.abs(firstHalf - 10_000)).toBeLessThan(5 * Math.sqrt(5_000));
  });
});

describe('the open loop', () => {
  it('offers the rate in every slice, and counts what was due after the settling', async () => {
    for (const seed of [1, 2]) {
      const { exchanges } = await run({ seed });
      expect(exchanges).toHaveLength(100);
    }
  });

  it('sends by the clock while answers are slow, and counts from the moment that was meant', async () => {
    let isFirst = true;
    const send = async (): Promise<BenchReply> => {
      if (isFirst) {
        // The sender itself stands still: what was due meanwhile is late, and says so.
        isFirst = false;
        const until = performance.now() + 400;
        while (performance.now() < until);
      }
      return delay(5, OK);
    };
    const slice = await run({ send });
    const report = reportLoad({ load: { kind: 'open', ratePerS: 200 }, slices: [slice] });
    expect(slice.ended).toBe('done');
    expect(Math.max(...slice.exchanges.map(({ lateMs }) => lateMs))).toBeGreaterThan(100);
    for (const { latencyMs, lateMs } of slice.exchanges) expect(latencyMs).toBeGreaterThan(lateMs);
    expect(report?.late?.max_ms).toBeGreaterThan(100);
    expect(report?.doubts.join()).toMatch(/the generator was late by \d+\.\d ms on average about p99, \d+ %/);
  });

  it('counts what fails, by code, apart from the latencies', async () => {
    let sent = 0;
    const send = (): Promise<BenchReply> =>
      Promise.resolve(++sent % 4 === 0 ? { ok: false, code: 'OVERLOADED' } : OK);
    const slice = await run({ send });
    const report = reportLoad({ load: { kind: 'open', ratePerS: 200 }, slices: [slice] });
    expect(report?.requests).toBe(slice.exchanges.length);
    expect(report?.failed).toBe(report?.errors.OVERLOADED);
    expect(report?.failed).toBeGreaterThan(10);
    expect(report?.answered).toBe((report?.requests ?? 0) - (report?.failed ?? 0));
    expect(report?.answered_per_s).toBeCloseTo((1000 * slice.answeredInTime) / 500, 9);
    // What fails is told by its code, not as a rate that is too high.
    expect(report?.doubts.join()).not.toContain('more than the service answers');
  });

  it('does not take a flood for a slow generator', async () => {
    const send = (): Promise<BenchReply> => delay(400, OK);
    const slice = await run({ send, load: { kind: 'open', ratePerS: 20_000 }, sliceMs: 100 });
    expect(slice.mostUnderWay).toBe(MOST_UNDER_WAY);
    const report = reportLoad({ load: { kind: 'open', ratePerS: 20_000 }, slices: [slice] });
    expect(report?.doubts).toEqual([
      expect.stringContaining('2048 requests were under way at once'),
      'no answer came within 1 of 1 rounds',
    ]);
  });

  it('tells the rate at which answers came, and that it is less than was offered', async () => {
    // One at a time, half as many as are offered.
    let free: Promise<BenchReply> = Promise.resolve(OK);
    const send = (): Promise<BenchReply> => (free = free.then(() => delay(10, OK)));
    const slice = await run({ send });
    const report = reportLoad({ load: { kind: 'open', ratePerS: 200 }, slices: [slice] });
    expect(report).toMatchObject({ requests: 100, answered: 100, failed: 0 });
    expect(report?.answered_per_s).toBeLessThan(150);
    expect(report?.latency?.max_ms).toBeGreaterThan(500);
    expect(report?.doubts).toContainEqual(
      expect.stringMatching(/^200 requests\/s are more than the service answers: [\d.]+ answers\/s/),
    );
  });

  it('ends when it is told to', async () => {
    const slice = await run({ sliceMs: 600_000, signal: AbortSignal.timeout(50) });
    expect(slice.ended).toBe('interrupted');
  });
});

describe('the closed loop', () => {
  it('keeps as many requests under way as there are connections, and ends in time', async () => {
    const send = (): Promise<BenchReply> => delay(2, OK);
    const slice = await run({ send, load: { kind: 'closed', connections: 5 }, sliceMs: 200 });
    expect(slice).toMatchObject({ ended: 'done', mostUnderWay: 5, windowMs: 200 });
    const report = reportLoad({ load: { kind: 'closed', connections: 5 }, slices: [slice, slice] });
    expect(report?.late).toBeNull();
    expect(report?.mean_tokens).toBe(12);
    expect(report?.rounds).toHaveLength(2);
    expect(report?.answered_per_s).toBeCloseTo((1000 * slice.answeredInTime) / 200, 9);
    expect(report?.doubts.join()).not.toContain('no answer');
    expect(report?.latency?.p50_ms).toBeGreaterThanOrEqual(1);
    // Of fewer than a thousand the 99.9th would be the largest by another name.
    expect(report?.latency?.p999_ms === null).toBe(2 * slice.exchanges.length < 1000);
  });

  it('counts what is sent within the slice with its whole latency, and the rate by what came within', async () => {
    let sent = 0;
    const startedAt = performance.now();
    // A stall that begins in the slice and outlasts it.
    const send = (): Promise<BenchReply> => {
      sent++;
      return performance.now() - startedAt > 400 ? delay(800, OK) : delay(5, OK);
    };
    const load = { kind: 'closed', connections: 4 } as const;
    const slice = await run({ load, send, sliceMs: 600 });
    const report = reportLoad({ load, slices: [slice] });
    expect(slice.exchanges.length).toBeLessThan(sent);
    expect(report?.latency?.max_ms).toBeGreaterThan(790);
    expect(slice.exchanges.filter(({ latencyMs }) => latencyMs > 790)).toHaveLength(4);
    expect(slice.answeredInTime).toBeGreaterThan(0);
    expect(report?.answered_per_s).toBeCloseTo((1000 * slice.answeredInTime) / 600, 9);
  });

  it.each([
    ['fails', { ok: false, code: 'NO_ANSWER' } as const, { failed: 3, errors: { NO_ANSWER: 3 } }],
    ['answers too late', OK, { failed: 0, answered: 3 }],
  ])('knows a service that hangs, and then %s', async (_, reply, counts) => {
    const load = { kind: 'closed', connections: 3 } as const;
    const slice = await run({ load, send: () => delay(500, reply), sliceMs: 100 });
    const report = reportLoad({ load, slices: [slice] });
    expect(slice.ended).toBe('done');
    expect(report).toMatchObject({ requests: 3, answered_per_s: 0, rounds: [], ...counts });
    expect(report?.doubts).toContain('no answer came within 1 of 1 rounds');
  });

  it('is told by a person when it is interrupted, not when its time is up', async () => {
    const load = { kind: 'closed', connections: 1 } as const;
    const send = (): Promise<BenchReply> => delay(1, OK);
    const slice = await run({ load, send, sliceMs: 600_000, signal: AbortSignal.timeout(30) });
    expect(slice.ended).toBe('interrupted');
  });
});

describe('loads', () => {
  it('have names, and rates that a person would choose', () => {
    expect(loadName({ kind: 'closed', connections: 1 })).toBe('1 connection');
    expect(loadName({ kind: 'closed', connections: 32 })).toBe('32 connections');
    expect(loadName({ kind: 'open', ratePerS: 250 })).toBe('250 requests/s');
    expect(ratesFor(1038)).toEqual([260, 520, 780]);
    expect(ratesFor(0)).toEqual([0, 0, 0]);
  });

  it('without a finished slice are not reported', () => {
    expect(reportLoad({ load: { kind: 'open', ratePerS: 1 }, slices: [] })).toBeNull();
  });
});
