import { svgPage, type Colours, element, point } from './svg.js';

const WIDTH = 800;
const HEIGHT = 500;
/** Edges of the drawing area. */
export const AREA = { left: 84, right: 770, top: 60, bottom: 390 } as const;

/** Colours that distinguish the lines; the main line comes first. */
export const TONES = ['main', 'second', 'third'] as const;

const SHAPES = `
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round; }
  .whisker { stroke-width: 1.5; }
  .ideal { stroke-dasharray: 2 4; }`;

const colours = ({ ink, main, second, third }: Colours): string => `
  .ideal { stroke: ${ink}; }
  .line.main, .whisker.main { stroke: ${main}; } circle.main { fill: ${main}; }
  .line.second, .whisker.second { stroke: ${second}; } circle.second { fill: ${second}; }
  .line.third, .whisker.third { stroke: ${third}; } circle.third { fill: ${third}; }`;

/** Points joined by a line. */
export function renderLine(tone: string, points: readonly (readonly [x: number, y: number])[]): string[] {
  return [
    element('polyline', {
      class: `line ${tone}`,
      points: points.map(([x, y]) => point(x, y)).join(' '),
    }),
    ...points.map(([x, y]) => element('circle', { class: tone, cx: x, cy: y, r: 4 })),
  ];
}

/** The legend below the axis, one line per colour. */
export function renderLegend(names: readonly string[]): string[] {
  return names.flatMap((name, i) => {
    const y = AREA.bottom + 72 + 20 * i;
    return [
      element('circle', { class: TONES[i] ?? 'main', cx: AREA.left + 5, cy: y - 5, r: 5 }),
      element('text', { x: AREA.left + 18, y }, name),
    ];
  });
}

/** A chart as an SVG document. */
export function chartPage(title: string, description: string, parts: readonly string[]): string {
  return svgPage({ title, description, width: WIDTH, height: HEIGHT, shapes: SHAPES, colours }, parts);
}

export interface Axis {
  readonly title: string;
  /** Where a value lies, in the units of the document. */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** The axes, their ticks and titles. */
export function renderAxes(x: Axis, y: Axis): string[] {
  const { left, right, top, bottom } = AREA;
  const [middleX, middleY] = [(left + right) / 2, (top + bottom) / 2];
  return [
    ...y.ticks.flatMap((value) => [
      element('line', { class: 'grid', x1: left, x2: right, y1: y.at(value), y2: y.at(value) }),
      element('text', { x: left - 8, y: y.at(value) + 5, 'text-anchor': 'end' }, y.format(value)),
    ]),
    element('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
    ...x.ticks.map((value) =>
      element('text', { x: x.at(value), y: bottom + 22, 'text-anchor': 'middle' }, x.format(value)),
    ),
    element('text', { x: middleX, y: bottom + 46, 'text-anchor': 'middle' }, x.title),
    element(
      'text',
      { x: 18, y: middleY, 'text-anchor': 'middle', transform: `rotate(-90 18 ${middleY})` },
      y.title,
    ),
  ];
}
