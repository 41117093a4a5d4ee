/** Users' latency of one version, since the step began. */
export interface SeriesSide {
  readonly requests: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
}

/** A rollout at one moment: one point of the plots in its report. */
export interface SeriesPoint {
  /** Wall clock, ms since 1970; ascending. */
  readonly at_ms: number;
  /** The requested share of the canary, 0 to 100. */
  readonly percent: number;
  /** Distinct texts that both versions answered, since the rollout began. */
  readonly pairs: number;
  readonly disagreement: number | null;
  /** Bounds of the disagreement, valid at all looks together; null while the gate has none. */
  readonly lower: number | null;
  readonly upper: number | null;
  readonly stable: SeriesSide;
  readonly canary: SeriesSide;
}

/** The series, in the form that is kept with the evidence. */
export interface SeriesDocument {
  /** Minimum distance between two points, except at changes of the share. */
  readonly interval_ms: number;
  readonly points: readonly SeriesPoint[];
}

/** Enough points for a plot 1,000 pixels wide; about 80 kB. */
export const MAX_POINTS = 240;
const FIRST_INTERVAL_MS = 1000;

export const emptySeries = (): SeriesDocument => ({ interval_ms: FIRST_INTERVAL_MS, points: [] });

/**
 * Whether another point is due. It is also due when the clock was set back: the next point then follows the last one.
 */
export function isDue({ interval_ms: interval, points }: SeriesDocument, atMs: number): boolean {
  const last = points.at(-1);
  return last === undefined || atMs >= last.at_ms + interval || atMs < last.at_ms;
}

/**
 * The series with one more point. When the series is full, its interval doubles and about every second point is
 * removed, so a rollout of a minute and one of a month need the same space. The first and the last point, and the
 * points at which the share changed, are kept as long as possible.
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

/** Merges the series of several replicas, or of one replica before and after it became the leader. */
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

/**
 * Checks a series that was read back. An invalid or missing series becomes an empty one, because it is used only for
 * plots.
 */
export function parseSeries(value: unknown): SeriesDocument {
  if (typeof value !== 'object' || value === null) return emptySeries();
  const { interval_ms: interval, points } = value as Partial<SeriesDocument>;
  if (!Number.isFinite(interval) || !Array.isArray(points) || !points.every(isPoint)) return emptySeries();
  return { interval_ms: Math.max(FIRST_INTERVAL_MS, interval ?? 0), points: points.slice(-MAX_POINTS) };
}
