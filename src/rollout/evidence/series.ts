/** Users' latency of one version, since the step began. */
export interface SeriesSide {
  readonly requests: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

/** A rollout at one moment: what its report draws over time. */
export interface SeriesPoint {
  /** Wall clock, ms since 1970; ascending. */
  readonly at_ms: number;
  /** The canary's share that was asked for, 0 to 100. */
  readonly percent: number;
  /** Distinct texts that both versions answered, since the rollout began. */
  readonly pairs: number;
  readonly disagreement: number | null;
  /** Of the disagreement, at all looks at once; null while the gate does not tell. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly stable: SeriesSide;
  readonly canary: SeriesSide;
}

/** As it is kept with the evidence. */
export interface SeriesDocument {
  /** Points are at least so far apart, but for those at which the share changed. */
  readonly interval_ms: number;
  readonly points: readonly SeriesPoint[];
}

/** Enough for a plot of a thousand pixels; about 80 kB. */
export const MAX_POINTS = 240;
const FIRST_INTERVAL_MS = 1000;

export const emptySeries = (): SeriesDocument => ({ interval_ms: FIRST_INTERVAL_MS, points: [] });

/** Whether it is time for another point. A clock that was set back makes it so: the next point goes on from the last. */
export function isDue({ interval_ms: interval, points }: SeriesDocument, atMs: number): boolean {
  const last = points.at(-1);
  return last === undefined || atMs >= last.at_ms + interval || atMs < last.at_ms;
}

/**
 * The series with one point more. When it is full its interval doubles and every second point goes, so a rollout of a
 * minute and one of a month take the same room; the first, the last, and those at which the share changed are the
 * last to go.
 */
export function withPoint(
  { interval_ms: interval, points }: SeriesDocument,
  point: SeriesPoint,
): SeriesDocument {
  const last = points.at(-1);
  const atMs = last === undefined ? point.at_ms : Math.max(point.at_ms, last.at_ms + 1);
  let all: SeriesPoint[] = [...points, { ...point, at_ms: atMs }];
  let intervalMs = interval;
  while (all.length > MAX_POINTS) {
    intervalMs *= 2;
    const thinned = thin(all, intervalMs);
    all = thinned.length <= MAX_POINTS ? thinned : everySecond(all);
  }
  return { interval_ms: intervalMs, points: all };
}

function thin(points: readonly SeriesPoint[], intervalMs: number): SeriesPoint[] {
  const kept: SeriesPoint[] = [];
  points.forEach((point, i) => {
    const before = kept.at(-1);
    const isChange = point.percent !== points[i - 1]?.percent || point.percent !== points[i + 1]?.percent;
    const isFar = before === undefined || point.at_ms >= before.at_ms + intervalMs;
    if (isChange || isFar) kept.push(point);
  });
  return kept;
}

const everySecond = (points: readonly SeriesPoint[]): SeriesPoint[] =>
  points.filter((_, i) => i % 2 === 0 || i === points.length - 1);

/** The series of several replicas, or of one before and after it led, as one. */
export function mergeSeries(...parts: readonly SeriesDocument[]): SeriesDocument {
  const points = parts.flatMap((part) => part.points).sort((a, b) => a.at_ms - b.at_ms);
  const interval_ms = Math.max(FIRST_INTERVAL_MS, ...parts.map((part) => part.interval_ms));
  return points.reduce(withPoint, { interval_ms, points: [] });
}

const isNumberOrNull = (value: unknown): boolean => value === null || Number.isFinite(value);

function isSide(value: unknown): value is SeriesSide {
  if (typeof value !== 'object' || value === null) return false;
  const { requests, errors, p50_ms: p50, p99_ms: p99 } = value as Partial<SeriesSide>;
  return Number.isFinite(requests) && Number.isFinite(errors) && isNumberOrNull(p50) && isNumberOrNull(p99);
}

function isPoint(value: unknown): value is SeriesPoint {
  if (typeof value !== 'object' || value === null) return false;
  const point = value as Partial<SeriesPoint>;
  return (
    [point.at_ms, point.percent, point.pairs].every((number) => Number.isFinite(number)) &&
    [point.disagreement, point.lower, point.upper].every(isNumberOrNull) &&
    isSide(point.stable) &&
    isSide(point.canary)
  );
}

/** A series as it was read back; one that is none, or was never kept, begins anew: it is for plots only. */
export function parseSeries(value: unknown): SeriesDocument {
  if (typeof value !== 'object' || value === null) return emptySeries();
  const { interval_ms: interval, points } = value as Partial<SeriesDocument>;
  if (!Number.isFinite(interval) || !Array.isArray(points) || !points.every(isPoint)) return emptySeries();
  return { interval_ms: Math.max(FIRST_INTERVAL_MS, interval ?? 0), points: points.slice(-MAX_POINTS) };
}
