import { renderAxes, AREA, chartPage, renderLegend, renderLine, TONES } from '../../base/charts/xy-chart.js';
import { plain } from '../../base/format.js';
import { element } from '../../base/charts/svg.js';
import type { Latency } from './load-report.js';
import type { RunReport } from './bench-report.js';

const QUANTILES = [
  ['p50', ({ p50_ms: ms }: Latency) => ms],
  ['p95', ({ p95_ms: ms }: Latency) => ms],
  ['p99', ({ p99_ms: ms }: Latency) => ms],
] as const;

interface Point {
  readonly ratePerS: number;
  readonly latency: Latency;
}

/** Latency against the offered rate, milliseconds on a logarithmic axis; null without an open loop. */
export function renderLatency(run: RunReport): string | null {
  const points = run.loads.flatMap(({ load, latency }): Point[] =>
    load.kind === 'open' && latency !== null ? [{ ratePerS: load.ratePerS, latency }] : [],
  );
  if (points.length === 0) return null;
  points.sort((a, b) => a.ratePerS - b.ratePerS);
  const most = 1.1 * Math.max(...points.map(({ ratePerS }) => ratePerS));
  const values = points.flatMap(({ latency }) => QUANTILES.map(([, of]) => of(latency)));
  const ticks = logTicks(Math.min(...values), Math.max(...values));
  const [first = 1, last = 10] = [ticks[0], ticks.at(-1)];
  const x = (ratePerS: number): number => AREA.left + (ratePerS / most) * (AREA.right - AREA.left);
  const y = (ms: number): number =>
    AREA.bottom - (Math.log(ms / first) / Math.log(last / first)) * (AREA.bottom - AREA.top);
  const parts = [
    element('text', { class: 'title', x: AREA.left, y: 30 }, 'Latency against the offered rate'),
    ...renderAxes(
      {
        title: 'requests per second, open loop',
        at: x,
        ticks: points.map(({ ratePerS }) => ratePerS),
        format: plain,
      },
      { title: 'milliseconds', at: y, ticks, format: plain },
    ),
    ...QUANTILES.flatMap(([, of], i) =>
      renderLine(
        TONES[i] ?? 'main',
        points.map(({ ratePerS, latency }) => [x(ratePerS), y(of(latency))] as const),
      ),
    ),
    ...renderLegend(QUANTILES.map(([name]) => name)),
  ];
  const top = points.at(-1);
  const description =
    top === undefined
      ? ''
      : `p50 ${plain(top.latency.p50_ms)} ms and p99 ${plain(top.latency.p99_ms)} ms at ${plain(top.ratePerS)} requests per second`;
  return chartPage('Latency against the offered rate', description, parts);
}

/** 1, 2, 5, 10, …: from the one below the least value to the one above the most. */
function logTicks(least: number, most: number): number[] {
  const steps: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(least)); decade <= most * 10; decade *= 10) {
    steps.push(...[1, 2, 5].map((step) => step * decade));
  }
  const from = Math.max(
    0,
    steps.findLastIndex((step) => step <= least),
  );
  const to = steps.findIndex((step) => step >= most);
  return steps.slice(from, Math.max(to, from + 1) + 1);
}
