import { renderAxes, AREA, chartPage, renderLegend, renderLine, TONES } from '../../base/charts/xy-chart.js';
import { element } from '../../base/charts/svg.js';
import type { VersionFigures } from './version-figures.js';
import { SPEED_LENGTHS } from './measure-speed.js';

/** How long one text alone takes, against its length: both on logarithmic axes. */
export function renderLatency(versions: readonly Pick<VersionFigures, 'version' | 'cost'>[]): string {
  const times = versions.flatMap(({ cost }) => cost.by_length.map(({ alone_p50_ms: ms }) => ms));
  const ticks = powersOfTwo(Math.min(...times), Math.max(...times));
  const [first = 1, last = 2] = [ticks[0], ticks.at(-1)];
  const [shortest = 1, longest = 2] = [SPEED_LENGTHS[0], SPEED_LENGTHS.at(-1)];
  const x = (tokens: number): number =>
    AREA.left +
    30 +
    (Math.log(tokens / shortest) / Math.log(longest / shortest)) * (AREA.right - AREA.left - 60);
  const y = (ms: number): number =>
    AREA.bottom - (Math.log(ms / first) / Math.log(last / first)) * (AREA.bottom - AREA.top);
  const names = versions.map(({ version }) => version);
  const parts = [
    element('text', { class: 'title', x: AREA.left, y: 30 }, 'Latency of one text alone, median'),
    ...renderAxes(
      { title: 'tokens', at: x, ticks: SPEED_LENGTHS, format: String },
      { title: 'milliseconds', at: y, ticks, format: String },
    ),
    ...versions.flatMap(({ cost }, i) =>
      renderLine(
        TONES[i] ?? 'main',
        cost.by_length.map(({ tokens, alone_p50_ms: ms }) => [x(tokens), y(ms)] as const),
      ),
    ),
    ...renderLegend(names),
  ];
  return chartPage(
    'Latency against length',
    `Median latency of one text alone, by its tokens: ${names.join(', ')}`,
    parts,
  );
}

/** From the power below the least to the one above the most. */
function powersOfTwo(least: number, most: number): number[] {
  const from = Math.floor(Math.log2(least));
  const to = Math.max(from + 1, Math.ceil(Math.log2(most)));
  return Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));
}
