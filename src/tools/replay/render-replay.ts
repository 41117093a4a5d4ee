import { advise } from './advice.js';
import { alignColumns } from '../../base/charts/tables.js';
import { bar, bytes, count, counted, percent } from '../../base/format.js';
import { roundSizes } from './hit-curve.js';
import type { LatencySummary } from '../../base/statistics/quantiles.js';
import type { Source } from '../traffic/reply.js';
import type { ReplayReport } from './replay-report.js';

const BAR_CELLS = 40;

const SOURCE_NAMES: Readonly<Record<Source, string>> = {
  memory: 'hit, memory',
  redis: 'hit, Redis',
  cache: 'hit',
  model: 'miss',
};

/** The report for a person. */
export function renderReport(report: ReplayReport): string {
  const blocks = [
    summaryLines(report),
    latencyTable(report),
    timeTable(report),
    idealLines(report),
    curveTable(report),
    [advise(report)],
  ];
  return blocks.map((lines) => `${lines.join('\n')}\n`).join('\n');
}

function summaryLines(report: ReplayReport): string[] {
  const { load, version, model, url, ended } = report;
  const way =
    load.rate_per_s !== null
      ? `at ${count(load.rate_per_s)} requests/s`
      : load.speed !== null
        ? `at ${load.speed} × the speed of the trace`
        : 'as fast as answered';
  const cut = ended === 'done' ? '' : ended === 'interrupted' ? ', INTERRUPTED' : ', THE SERVICE IS GONE';
  const errors = Object.entries(report.errors)
    .sort(([, a], [, b]) => b - a)
    .map(([code, requests]) => `${count(requests)} × ${code}`);
  const split = Object.entries(report.versions).map(
    ([name, { requests, hits }]) => `${name} ${count(requests)} (${percent(hits / requests)} hits)`,
  );
  return [
    `${model}${version === null ? '' : `/${version}`} at ${url}, ${counted(load.connections, 'connection')}, ${way}`,
    `${counted(report.requests, 'request')} in ${report.duration_s.toFixed(1)} s: ${count(Math.round(report.requests_per_s))}/s${cut}`,
    `answered ${count(report.answered)}, failed ${count(report.failed)}${errors.length === 0 ? '' : `: ${errors.join(', ')}`}`,
    ...(report.not_sent === 0 ? [] : [`not sent ${count(report.not_sent)}`]),
    ...(split.length === 0 ? [] : [`versions ${split.join(', ')}`]),
    ...unreadable(report),
  ];
}

function unreadable({ unreadable_lines: bad, lines, first_unreadable: first }: ReplayReport): string[] {
  if (bad === 0) return [];
  const told = first.map(({ line, problem }) => `  line ${line}: ${problem}`);
  const more = bad > first.length ? [`  and ${count(bad - first.length)} more`] : [];
  return [`skipped ${counted(bad, 'line')} of ${count(lines)}`, ...told, ...more];
}

function latencyTable({ latency, lateness }: ReplayReport): string[] {
  const row = (name: string, { requests, ...summary }: LatencySummary): string[] => [
    name,
    count(requests),
    ...[summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.max_ms].map((ms) => ms.toFixed(2)),
  ];
  const rows = Object.entries(latency).map(([source, summary]) =>
    row(SOURCE_NAMES[source as Source], summary),
  );
  if (lateness !== null) rows.push(row('sent late by', lateness));
  return alignColumns([['latency, ms', 'requests', 'p50', 'p95', 'p99', 'max'], ...rows], [0]);
}

function timeTable({ over_time: buckets, duration_s: duration }: ReplayReport): string[] {
  const decimals = duration < 10 ? 2 : 1;
  const rows = buckets.map(
    ({ from_s: from, to_s: to, requests, failed, hit_rate: rate, ideal_hit_rate: ideal }) => [
      `${from.toFixed(decimals)} to ${to.toFixed(decimals)}`,
      ...[count(requests), count(failed), percent(ideal), percent(rate)],
      bar(rate ?? 0, BAR_CELLS),
    ],
  );
  return alignColumns([['time, s', 'requests', 'failed', 'ideal', 'hit rate', ''], ...rows], [0, 5]);
}

function idealLines({ ideal_lru: ideal, hit_rate: rate, hits, sizing }: ReplayReport): string[] {
  const { warm_hits: warm, joined_misses: joined, difference_points: points } = ideal;
  const off = hits === 0 && sizing.max_hit_rate > 0 ? ': is the cache off (CACHE_MAX_ITEMS=0)?' : '';
  const beside =
    Math.abs(points) < 0.005
      ? 'the same'
      : `${Math.abs(points).toFixed(2)} points ${points < 0 ? 'below' : 'above'}`;
  return [
    `hit rate ${percent(rate)}, ${counted(hits, 'hit')}${off}`,
    ...(warm === 0
      ? []
      : [
          `  ${counted(warm, 'hit')} on the first request of a text, which the cache had from before or from others`,
        ]),
    `ideal LRU of ${counted(ideal.entries, 'entry', 'entries')} ${percent(ideal.hit_rate)}; observed${warm === 0 ? '' : ' without these'} ${percent(ideal.observed_hit_rate)}, ${beside}`,
    ...(joined === 0
      ? []
      : [
          `  ${counted(joined, 'miss', 'misses')} came while the same text was being computed for another request, and shared it`,
        ]),
  ];
}

function curveTable({ sizing, ideal_lru: ideal }: ReplayReport): string[] {
  const { advised_entries: advised, bytes_per_entry: entryBytes } = sizing;
  const marks = new Map([[ideal.entries, '<- the size compared']]);
  marks.set(
    advised,
    `<- ${advised === ideal.entries ? 'the size compared, ' : ''}within one point of the maximum`,
  );
  const rates = new Map(sizing.curve.map(({ entries, hit_rate: rate }) => [entries, rate]));
  const shown = new Set([...roundSizes(Math.max(sizing.distinct_texts, 1)), ...marks.keys()]);
  const rows = [...shown]
    .filter((entries) => entries > 0)
    .sort((a, b) => a - b)
    .map((entries) => {
      const rate = rates.get(entries) ?? 0;
      const drawn = `${bar(rate, BAR_CELLS)} ${marks.get(entries) ?? ''}`.trimEnd();
      return [count(entries), bytes(entries * entryBytes), percent(rate), drawn];
    });
  return alignColumns(
    [['entries', 'memory', 'hit rate', 'of an LRU cache of this size, on this trace'], ...rows],
    [3],
  );
}
