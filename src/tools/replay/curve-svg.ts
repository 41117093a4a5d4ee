import { svgPage, type Colours, element, point } from '../../base/charts/svg.js';
import { advise } from './advice.js';
import { bytes, count, percent } from '../../base/format.js';
import type { ReplayReport } from './replay-report.js';

const WIDTH = 800;
const HEIGHT = 500;
/** Of the area that the curve is drawn in. */
const AREA = { left: 70, right: 770, top: 60, bottom: 380 } as const;

const SHAPES = `
  .curve { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  .maximum { stroke-dasharray: 2 4; }
  line.now, line.advice { stroke-width: 1.5; stroke-dasharray: 6 4; }`;

const colours = ({ main, second, third }: Colours): string => `
  .curve, .maximum { stroke: ${main}; }
  .now { stroke: ${second}; fill: ${second}; }
  .advice { stroke: ${third}; fill: ${third}; }`;

type Report = Pick<ReplayReport, 'ideal_lru' | 'sizing'>;

/** The curve of hit rate against size as an SVG document; sizes on a logarithmic axis. */
export function renderCurve({ ideal_lru: ideal, sizing }: Report): string {
  const { advised_entries: advised, advised_hit_rate: advisedRate, max_hit_rate: maximum } = sizing;
  const largest = Math.max(10, ...sizing.curve.map(({ entries }) => entries));
  const x = (entries: number): number =>
    AREA.left + (Math.log10(Math.max(entries, 1)) / Math.log10(largest)) * (AREA.right - AREA.left);
  const y = (rate: number): number => AREA.bottom - rate * (AREA.bottom - AREA.top);
  const points = sizing.curve.map(({ entries, hit_rate: rate }) => point(x(entries), y(rate)));
  const sentence = advise({ ideal_lru: ideal, sizing });
  const parts = [
    element('text', { class: 'title', x: AREA.left, y: 30 }, 'Hit rate of an LRU cache on this trace'),
    ...verticalAxis(y),
    ...horizontalAxis(x, largest),
    element('line', { class: 'maximum', x1: AREA.left, x2: AREA.right, y1: y(maximum), y2: y(maximum) }),
    element('polyline', { class: 'curve', points: points.join(' ') }),
    ...mark('now', x(ideal.entries), y(ideal.hit_rate)),
    ...(advised > 0 ? mark('advice', x(advised), y(advisedRate)) : []),
    ...legend(0, 'now', `size compared: ${count(ideal.entries)} entries, ${percent(ideal.hit_rate)}`),
    ...(advised > 0
      ? legend(
          1,
          'advice',
          `within one point of the maximum: ${count(advised)} entries (about ${bytes(sizing.advised_bytes)}), ${percent(advisedRate)}`,
        )
      : []),
    element('text', { x: AREA.left, y: HEIGHT - 12 }, `maximum: ${percent(maximum)}, dotted`),
  ];
  return svgPage(
    {
      title: 'Hit rate against cache size',
      description: sentence,
      width: WIDTH,
      height: HEIGHT,
      shapes: SHAPES,
      colours,
    },
    parts,
  );
}

/** Hit rates, 0 to 100 %. */
function verticalAxis(y: (rate: number) => number): string[] {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const middle = (AREA.top + AREA.bottom) / 2;
  return [
    ...ticks.flatMap((rate) => [
      element('line', { class: 'grid', x1: AREA.left, x2: AREA.right, y1: y(rate), y2: y(rate) }),
      element('text', { x: AREA.left - 8, y: y(rate) + 5, 'text-anchor': 'end' }, percent(rate, 0)),
    ]),
    element(
      'text',
      { x: 18, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 18 ${middle})` },
      'hit rate',
    ),
  ];
}

/** Entries, a tick per power of ten. */
function horizontalAxis(x: (entries: number) => number, largest: number): string[] {
  const ticks: number[] = [];
  for (let entries = 1; entries <= largest; entries *= 10) ticks.push(entries);
  return [
    element('line', { class: 'axis', x1: AREA.left, x2: AREA.right, y1: AREA.bottom, y2: AREA.bottom }),
    ...ticks.flatMap((entries) => [
      element('line', {
        class: 'axis',
        x1: x(entries),
        x2: x(entries),
        y1: AREA.bottom,
        y2: AREA.bottom + 6,
      }),
      element('text', { x: x(entries), y: AREA.bottom + 22, 'text-anchor': 'middle' }, count(entries)),
    ]),
    element(
      'text',
      { x: (AREA.left + AREA.right) / 2, y: AREA.bottom + 44, 'text-anchor': 'middle' },
      'cache size, entries (logarithmic)',
    ),
  ];
}

function mark(kind: 'now' | 'advice', x: number, y: number): string[] {
  return [
    element('line', { class: kind, x1: x, x2: x, y1: y, y2: AREA.bottom }),
    element('circle', { class: kind, cx: x, cy: y, r: 5 }),
  ];
}

function legend(row: number, kind: 'now' | 'advice', text: string): string[] {
  const y = AREA.bottom + 68 + 20 * row;
  return [
    element('circle', { class: kind, cx: AREA.left + 5, cy: y - 5, r: 5 }),
    element('text', { x: AREA.left + 18, y }, text),
  ];
}
