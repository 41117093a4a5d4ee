import { endMs, isHit } from './compare-with-ideal.js';
import { summarize, type LatencySummary } from '../../base/statistics/quantiles.js';
import type { Exchange, Source } from '../traffic/reply.js';
import type { Outcome, TimeBucket, VersionShare } from './replay-report.js';

const BUCKETS = 10;

/**
 * What the exchanges come to.
 * @param isIdealHit whether the ideal cache would have answered this request; asked for answered ones only
 * @param scheduled whether requests had a time at which to be sent
 */
export function outcomeOf(
  exchanges: readonly Exchange[],
  isIdealHit: (exchange: Exchange) => boolean,
  scheduled: boolean,
): Outcome {
  const bySource = new Map<Source, number[]>();
  const versions: Record<string, { requests: number; hits: number }> = {};
  const errors: Record<string, number> = {};
  let [hits, answered] = [0, 0];
  for (const exchange of exchanges) {
    const { reply, latencyMs } = exchange;
    if (!reply.ok) {
      errors[reply.code] = (errors[reply.code] ?? 0) + 1;
      continue;
    }
    answered++;
    const latencies = bySource.get(reply.source) ?? [];
    bySource.set(reply.source, latencies);
    latencies.push(latencyMs);
    const version = (versions[reply.version] ??= { requests: 0, hits: 0 });
    version.requests++;
    if (!isHit(exchange)) continue;
    version.hits++;
    hits++;
  }
  const durationMs = exchanges.reduce((latest, exchange) => Math.max(latest, endMs(exchange)), 0);
  return {
    requests: exchanges.length,
    answered,
    failed: exchanges.length - answered,
    duration_s: durationMs / 1000,
    requests_per_s: durationMs === 0 ? 0 : (1000 * exchanges.length) / durationMs,
    hits,
    hit_rate: answered === 0 ? 0 : hits / answered,
    latency: latencyBySource(bySource),
    lateness: scheduled ? summarize(exchanges.map(({ lateMs }) => lateMs)) : null,
    errors,
    versions: versions satisfies Record<string, VersionShare>,
    over_time: overTime(exchanges, isIdealHit, durationMs),
  };
}

/** In the order of the levels. */
function latencyBySource(bySource: ReadonlyMap<Source, readonly number[]>): Outcome['latency'] {
  const summaries: Partial<Record<Source, LatencySummary>> = {};
  for (const source of ['memory', 'redis', 'cache', 'model'] as const) {
    const summary = summarize(bySource.get(source) ?? []);
    if (summary !== null) summaries[source] = summary;
  }
  return summaries;
}

/** Each request counts in the part of the time in which it was sent. */
function overTime(
  exchanges: readonly Exchange[],
  isIdealHit: (exchange: Exchange) => boolean,
  durationMs: number,
): TimeBucket[] {
  const counts = Array.from({ length: BUCKETS }, () => ({ requests: 0, answered: 0, hits: 0, ideal: 0 }));
  for (const exchange of exchanges) {
    const place = Math.min(BUCKETS - 1, Math.floor((BUCKETS * exchange.sentMs) / durationMs));
    const bucket = counts[place];
    if (bucket === undefined) continue;
    bucket.requests++;
    if (!exchange.reply.ok) continue;
    bucket.answered++;
    if (isHit(exchange)) bucket.hits++;
    if (isIdealHit(exchange)) bucket.ideal++;
  }
  const widthS = durationMs / 1000 / BUCKETS;
  return counts.map(({ requests, answered, hits, ideal }, i) => ({
    from_s: i * widthS,
    to_s: (i + 1) * widthS,
    requests,
    failed: requests - answered,
    hit_rate: answered === 0 ? null : hits / answered,
    ideal_hit_rate: answered === 0 ? null : ideal / answered,
  }));
}
