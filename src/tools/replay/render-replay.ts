import { advise } from './advice.js';
import { fitTable } from '../../base/terminal/fit-table.js';
import { PLAIN, type Screen } from '../../base/terminal/screen.js';
import { textWidth, wrapText } from '../../base/terminal/wrap.js';
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
export function renderReport(report: ReplayReport, screen: Screen = PLAIN): string {
  const words = (lines: readonly string[]): string => wrapText(lines.join('\n'), screen, 2);
  const blocks = [
    words(summaryLines(report)),
    latencyTable(report, screen).join('\n'),
    timeTable(report, screen).join('\n'),
    words(idealLines(report)),
    curveTable(report, screen).join('\n'),
    words([advise(report)]),
  ];
  return blocks.map((block) => `${block}\n`).join('\n');
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

function latencyTable({ latency, lateness }: ReplayReport, screen: Screen): string[] {
  const row = (name: string, { requests, ...summary }: LatencySummary): string[] => [
    name,
    count(requests),
    ...[summary.p50_ms, summary.p95_ms, summary.p99_ms, summary.max_ms].map((ms) => ms.toFixed(2)),
  ];
  const rows = Object.entries(latency).map(([source, summary]) =>
    row(SOURCE_NAMES[source as Source], summary),
  );
  if (lateness !== null) rows.push(row('sent late by', lateness));
  return fitTable(['latency, ms', 'requests', 'p50', 'p95', 'p99', 'max'], rows, screen, { left: [0] });
}

function timeTable({ over_time: buckets, duration_s: duration }: ReplayReport, screen: Screen): string[] {
  const decimals = duration < 10 ? 2 : 1;
  const rows = buckets.map(
    ({ from_s: from, to_s: to, requests, failed, hit_rate: rate, ideal_hit_rate: ideal }) => [
      `${from.toFixed(decimals)} to ${to.toFixed(decimals)}`,
      ...[count(requests), count(failed), percent(ideal), percent(rate)],
    ],
  );
  const bars = buckets.map(({ hit_rate: rate }) => rate ?? 0);
  return withBars(
    ['time, s', 'requests', 'failed', 'ideal', 'hit rate'],
    rows,
    { title: '', bars, left: [0] },
    screen,
  );
}

interface Bars {
  /** Heading of the bars. */
  readonly title: string;
  /** A share for each row. */
  readonly bars: readonly number[];
  /** A remark for each row. */
  readonly marks?: readonly string[];
  /** Columns of figures that are flush left. */
  readonly left?: readonly number[];
}

/** A table with a bar for a share of 0 to 1 in each row, which is as long as the screen allows. */
function withBars(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  { title, bars, marks = [], left = [] }: Bars,
  screen: Screen,
): string[] {
  const figures = Math.max(...fitTable(heading, rows).map(textWidth)) + 2;
  const cells = Math.max(1, Math.min(BAR_CELLS, screen.columns - figures));
  const drawn = rows.map((_, i) => bar(bars[i] ?? 0, cells));
  const marked = drawn.map((line, i) => `${line} ${marks[i] ?? ''}`.trimEnd());
  const isOneColumn = figures + Math.max(...marked.map(textWidth)) <= screen.columns;
  const last = heading.length;
  return fitTable(
    [...heading, title, ...(isOneColumn ? [] : [''])],
    rows.map((row, i) => [...row, ...(isOneColumn ? [marked[i] ?? ''] : [drawn[i] ?? '', marks[i] ?? ''])]),
    screen,
    { left: [...left, last, last + 1] },
  );
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

function curveTable({ sizing, ideal_lru: ideal }: ReplayReport, screen: Screen): string[] {
  const { advised_entries: advised, bytes_per_entry: entryBytes } = sizing;
  const marks = new Map([[ideal.entries, '<- the size compared']]);
  marks.set(
    advised,
    `<- ${advised === ideal.entries ? 'the size compared, ' : ''}within one point of the maximum`,
  );
  const rates = new Map(sizing.curve.map(({ entries, hit_rate: rate }) => [entries, rate]));
  const shown = new Set([...roundSizes(Math.max(sizing.distinct_texts, 1)), ...marks.keys()]);
  const sizes = [...shown].filter((entries) => entries > 0).sort((a, b) => a - b);
  const rateOf = (entries: number): number => rates.get(entries) ?? 0;
  return withBars(
    ['entries', 'memory', 'hit rate'],
    sizes.map((entries) => [count(entries), bytes(entries * entryBytes), percent(rateOf(entries))]),
    {
      title: 'of an LRU cache of this size, on this trace',
      bars: sizes.map(rateOf),
      marks: sizes.map((entries) => marks.get(entries) ?? ''),
    },
    screen,
  );
}
