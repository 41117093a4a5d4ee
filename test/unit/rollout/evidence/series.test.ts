import { describe, expect, it } from 'vitest';
import {
  emptySeries,
  isDue,
  MAX_POINTS,
  mergeSeries,
  parseSeries,
  type SeriesPoint,
  withPoint,
} from '../../../../src/rollout/evidence/series.js';
import { seededRandom } from '../../../../src/base/seeded-random.js';

const SIDE = { requests: 0, errors: 0, p50_ms: null, p99_ms: null };

const pointAt = (at_ms: number, percent = 5): SeriesPoint => ({
  at_ms,
  percent,
  pairs: 0,
  disagreement: null,
  lower: null,
  upper: null,
  stable: SIDE,
  canary: SIDE,
});

/** A look every second, as the service does it; the share changes at these seconds. */
function lookEverySecond(seconds: number, changes: readonly number[] = []): ReturnType<typeof emptySeries> {
  let series = emptySeries();
  let percent = 5;
  for (let second = 0; second < seconds; second++) {
    const isChange = changes.includes(second);
    if (isChange) percent++;
    if (isChange || isDue(series, second * 1000)) series = withPoint(series, pointAt(second * 1000, percent));
  }
  return series;
}

describe('a series', () => {
  it.each([1, 100, MAX_POINTS, MAX_POINTS + 1, 1000, 20_000, 200_000])(
    'of %i seconds is bounded, ascends, and reaches from the first to nearly the last',
    (seconds) => {
      const { points, interval_ms: interval } = lookEverySecond(seconds);
      expect(points.length).toBeLessThanOrEqual(MAX_POINTS);
      // Half of the room at least is used.
      expect(points.length).toBeGreaterThanOrEqual(Math.min(seconds, MAX_POINTS / 2));
      expect(points[0]?.at_ms).toBe(0);
      expect(points.at(-1)?.at_ms).toBeGreaterThanOrEqual(seconds * 1000 - 2 * interval);
      const gaps = points.slice(1).map(({ at_ms: at }, i) => at - (points[i]?.at_ms ?? 0));
      expect(Math.min(Infinity, ...gaps)).toBeGreaterThan(0);
      expect(Math.max(0, ...gaps)).toBeLessThanOrEqual(2 * interval);
    },
  );

  it('keeps the moments at which the share changed while it thins the rest', () => {
    const changes = [101, 333, 334, 5001];
    const { points } = lookEverySecond(10_000, changes);
    const percents = new Set(points.map(({ percent }) => percent));
    expect([...percents]).toEqual([5, 6, 7, 8, 9]);
    const changed = points.filter(({ percent }, i) => i > 0 && percent !== points[i - 1]?.percent);
    expect(changed.map(({ at_ms: at }) => at / 1000)).toEqual(changes);
  });

  it('is bounded also when the share changes all the time', () => {
    const { points } = lookEverySecond(
      5000,
      Array.from({ length: 5000 }, (_, i) => i),
    );
    expect(points.length).toBeLessThanOrEqual(MAX_POINTS);
    expect(points.at(-1)?.at_ms).toBe(4_999_000);
  });

  it('goes on, ascending and bounded, when the clock jumps back and forth', () => {
    const random = seededRandom(7);
    let series = emptySeries();
    for (let i = 0; i < 5000; i++) {
      const now = Math.round(1e12 + i * 1000 + (random() - 0.5) * 1e7);
      if (isDue(series, now)) series = withPoint(series, pointAt(now));
    }
    const times = series.points.map(({ at_ms: at }) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(new Set(times).size).toBe(times.length);
    expect(times.length).toBeLessThanOrEqual(MAX_POINTS);
  });

  it('goes on from what was kept', () => {
    const kept = lookEverySecond(700);
    const back = parseSeries(JSON.parse(JSON.stringify(kept)));
    expect(back).toEqual(kept);
    expect(isDue(back, 700_000 + back.interval_ms)).toBe(true);
  });

  it.each([undefined, null, 'x', {}, { interval_ms: 1000, points: [{}] }, { interval_ms: NaN, points: [] }])(
    'begins anew where what was kept is none: %j',
    (value) => {
      expect(parseSeries(value)).toEqual(emptySeries());
    },
  );

  it('of several processes is one, in the order of time', () => {
    const first = lookEverySecond(100);
    const later = withPoint(withPoint(emptySeries(), pointAt(50_500)), pointAt(200_000, 25));
    const { points } = mergeSeries(first, later);
    expect(points).toHaveLength(102);
    expect(points.map(({ at_ms: at }) => at)).toEqual(
      [...first.points, ...later.points].map(({ at_ms: at }) => at).sort((a, b) => a - b),
    );
  });
});
