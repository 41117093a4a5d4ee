import { svgPage, type Colours } from './page.js';
import { element, point } from './svg.js';

const WIDTH = 800;
const HEIGHT = 500;
/** Of the area that is drawn in. */
export const AREA = { left: 84, right: 770, top: 60, bottom: 390 } as const;

/** Lines are told apart by these, the one that it is about first. */
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

/** What each colour stands for, a line each below the axis. */
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
