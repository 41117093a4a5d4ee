import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  LATE,
  OUTSIDE,
  UNTIMED,
  partsAbout,
  ranksAbout,
  timedRequest,
  type TimedRequest,
  parseServerTiming,
} from '../../../../src/tools/bench/contributors.js';

describe('Server-Timing', () => {
  it.each([
    ['queue;dur=1.50, tokenize;dur=0.1, total;dur=4', { queue: 1.5, tokenize: 0.1 }, 4],
    ['cache;desc=memory, total;dur=0.20', {}, 0.2],
    ['cache;dur=0.02;desc="memory, of course", total;dur=1', { cache: 0.02 }, 1],
    ['cache;desc="a;dur=9";dur=0.5', { cache: 0.5 }, null],
    ['a; dur = 3 , total ; dur="7.5"', { a: 3 }, 7.5],
    ['transfer;dur=1, transfer;dur=2, total;dur=3', { transfer: 3 }, 3],
    ['event_loop;dur=.', {}, null],
    ['miss, db;desc=x', {}, null],
    ['', {}, null],
    [',;=";', {}, null],
  ])('%s', (header, stages, totalMs) => {
    const timing = parseServerTiming(header);
    expect(Object.fromEntries(timing.stages)).toEqual(stages);
    expect(timing.totalMs).toBe(totalMs);
  });

  it('reads back whatever stages there are', () => {
    const name = fc.stringMatching(/^[a-z_]{1,12}$/).filter((one) => one !== 'total');
    const stages = fc.dictionary(name, fc.integer({ min: 0, max: 1e6 }), { noNullPrototype: true });
    fc.assert(
      fc.property(stages, (durations) => {
        const header = Object.entries(durations).map(
          ([stage, ms]) => `${stage};dur=${(ms / 100).toFixed(2)}`,
        );
        const { stages: read, totalMs } = parseServerTiming([...header, 'total;dur=1.00'].join(', '));
        expect(totalMs).toBe(1);
        expect([...read]).toEqual(Object.entries(durations).map(([stage, ms]) => [stage, ms / 100]));
      }),
    );
  });

  it('is read in no time, however odd it is', () => {
    const startedAt = performance.now();
    parseServerTiming(`a${';b="'.repeat(20_000)}`);
    parseServerTiming('a;'.repeat(50_000));
    parseServerTiming(`a;b="${'\\'.repeat(50_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('the ranks about a quantile', () => {
  it('are 2.5 % to either side of the median and half a per cent of the 99th', () => {
    expect(ranksAbout(0.5, 10_000)).toEqual([4750, 5250]);
    expect(ranksAbout(0.99, 10_000)).toEqual([9850, 9950]);
  });

  it('are twenty at least, where there are as many', () => {
    expect(ranksAbout(0.5, 100)).toEqual([40, 60]);
    expect(ranksAbout(0.99, 500)).toEqual([485, 500]);
    expect(ranksAbout(0.99, 4)).toEqual([1, 4]);
  });

  it('lie within what there is, and hold the quantile itself', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.constantFrom(0.5, 0.9, 0.95, 0.99), (n, quantile) => {
        const [from, to] = ranksAbout(quantile, n);
        const rank = Math.min(n, Math.max(1, Math.ceil(quantile * n))) - 1;
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(n);
        expect(from).toBeLessThanOrEqual(rank);
        expect(to).toBeGreaterThan(rank);
      }),
    );
  });
});

const request = (latencyMs: number, stages: Record<string, number> | null, lateMs = 0): TimedRequest => ({
  latencyMs,
  lateMs,
  timing:
    stages === null
      ? null
      : {
          stages: new Map(Object.entries(stages)),
          totalMs: Object.values(stages).reduce((sum, ms) => sum + ms, 0),
        },
});

describe('what latency is made of', () => {
  it('is told of the requests about the quantile, not of all', () => {
    const quick = Array.from({ length: 980 }, (_, i) => request(10 + i / 1000, { inference: 8, queue: 1 }));
    const slow = Array.from({ length: 20 }, (_, i) => request(100 + i, { inference: 9, queue: 85 }));
    const sorted = [...quick, ...slow];
    const [median, tail] = [partsAbout(0.5, sorted), partsAbout(0.99, sorted)];
    expect(median?.contributors[0]).toMatchObject({ name: 'inference', ms: 8 });
    expect(median?.contributors.map(({ name }) => name)).toEqual(['inference', OUTSIDE, 'queue']);
    expect(tail?.contributors[0]).toMatchObject({ name: 'queue', ms: 85 });
    expect(tail?.requests).toBe(20);
    expect(tail?.contributors[0]?.share).toBeCloseTo(85 / 109.5, 9);
  });

  it('adds up to the latency: stages, the late sender, and what is outside of the service', () => {
    const stage = fc.dictionary(
      fc.constantFrom('queue', 'inference', 'cache', 'join'),
      fc.double({ min: 0, max: 50, noNaN: true }),
    );
    const requests = fc.array(
      fc
        .tuple(stage, fc.double({ min: 0, max: 9, noNaN: true }), fc.double({ min: 0, max: 9, noNaN: true }))
        .map(([stages, outsideMs, lateMs]) => {
          const made = request(0, stages, lateMs);
          return { ...made, latencyMs: (made.timing?.totalMs ?? 0) + outsideMs + lateMs };
        }),
      { minLength: 1, maxLength: 200 },
    );
    fc.assert(
      fc.property(requests, fc.constantFrom(0.5, 0.99), (some, quantile) => {
        const sorted = [...some].sort((a, b) => a.latencyMs - b.latencyMs);
        const parts = partsAbout(quantile, sorted);
        const sum = parts?.contributors.reduce((total, { ms }) => total + ms, 0);
        expect(sum).toBeCloseTo(parts?.mean_latency_ms ?? NaN, 6);
      }),
    );
  });

  it('says how much of the total the stages explain', () => {
    const timing = { stages: new Map([['inference', 9]]), totalMs: 10 };
    const parts = partsAbout(0.5, [{ latencyMs: 12, lateMs: 1, timing }]);
    expect(parts).toMatchObject({ mean_total_ms: 10, stages_of_total: 0.9, mean_latency_ms: 12 });
    expect(parts?.contributors).toEqual([
      { name: 'inference', ms: 9, share: 0.75 },
      { name: LATE, ms: 1, share: 1 / 12 },
      { name: OUTSIDE, ms: 1, share: 1 / 12 },
    ]);
  });

  it('knows nothing of a server without timings', () => {
    const parts = partsAbout(0.5, [request(7, null, 2)]);
    expect(parts).toMatchObject({ mean_total_ms: null, stages_of_total: null });
    expect(parts?.contributors.map(({ name, ms }) => [name, ms])).toEqual([
      [UNTIMED, 5],
      [LATE, 2],
    ]);
    expect(partsAbout(0.5, [])).toBeNull();
  });

  it('is read from the header of the answer, once the total is there', () => {
    const exchange = (serverTiming: string | null) =>
      timedRequest({
        index: 0,
        sentMs: 0,
        lateMs: 0,
        latencyMs: 3,
        reply: { ok: true, isHit: false, tokens: 5, serverTiming },
      }).timing;
    expect(exchange('queue;dur=1, total;dur=2')?.totalMs).toBe(2);
    expect(exchange('queue;dur=1')).toBeNull();
    expect(exchange(null)).toBeNull();
  });
});
