import { svgPage, type Colours, element, point } from '../../base/charts/svg.js';
import type { TuneReport } from './tune-report.js';

const WIDTH = 800;
const HEIGHT = 480;
const AREA = { left: 80, right: 770, top: 60, bottom: 370 } as const;

const SHAPES = `
  .frontier { fill: none; stroke-width: 2; }
  .point { fill-opacity: 0.5; }
  .small { font-size: 12px; }`;

const colours = ({ main, second, ink }: Colours): string => `
  .frontier { stroke: ${main}; }
  .point { fill: ${ink}; }
  .point.best { fill: ${main}; }
  .point.chosen { fill: ${second}; fill-opacity: 1; }`;

/** Throughput against p95 of the finalists as an SVG document; the frontier is drawn, the choice is marked. */
export function renderFrontier(report: TuneReport): string {
  const points = report.finalists.flatMap((finalist) =>
    finalist.compared_p95_ms === null ? [] : [{ ...finalist, p95: finalist.compared_p95_ms }],
  );
  const mostRate = 1.1 * Math.max(1, ...points.map(({ texts_per_s: rate }) => rate));
  const mostP95 = 1.2 * Math.max(1, ...points.map(({ p95 }) => p95));
  const x = (rate: number): number => AREA.left + (rate / mostRate) * (AREA.right - AREA.left);
  const y = (p95: number): number => AREA.bottom - (p95 / mostP95) * (AREA.bottom - AREA.top);
  const line = points
    .filter(({ on_frontier: isOn }) => isOn)
    .sort((a, b) => a.texts_per_s - b.texts_per_s)
    .map(({ texts_per_s: rate, p95 }) => point(x(rate), y(p95)));
  const compared = report.finalists.find(({ p95_ms: rungs }) => rungs.length > 1)?.p95_ms[1]?.rate_per_s;
  const under = compared === undefined ? '' : ` under ${Math.round(compared)} texts/s`;
  const title = `${report.model}/${report.version}: throughput against p95`;
  const parts = [
    element('text', { class: 'title', x: AREA.left, y: 30 }, title),
    ...axes(mostRate, mostP95, x, y, `p95${under}, ms`),
    element('polyline', { class: 'frontier', points: line.join(' ') }),
    ...points.flatMap((point) => {
      const kind = point.chosen ? 'point chosen' : point.on_frontier ? 'point best' : 'point';
      const name = `${point.workers} × ${point.threads_per_worker}, ${point.max_padded_tokens}`;
      return [
        element(
          'circle',
          { class: kind, cx: x(point.texts_per_s), cy: y(point.p95), r: point.chosen ? 7 : 5 },
          [element('title', {}, `${name} tokens, ${point.session}`)],
        ),
        ...(point.chosen
          ? [
              element(
                'text',
                { x: x(point.texts_per_s) - 12, y: y(point.p95) - 12, 'text-anchor': 'end' },
                name,
              ),
            ]
          : []),
      ];
    }),
    element(
      'text',
      { class: 'small', x: AREA.left, y: HEIGHT - 16 },
      'each point: a setting of workers × threads, token budget and session; the line: what no other setting beats; the large one: the choice',
    ),
  ];
  const description = `${points.length} settings; ${line.length} of them are on the frontier.`;
  return svgPage({ title, description, width: WIDTH, height: HEIGHT, shapes: SHAPES, colours }, parts);
}

function axes(
  mostRate: number,
  mostP95: number,
  x: (rate: number) => number,
  y: (p95: number) => number,
  p95Title: string,
): string[] {
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const middle = (AREA.top + AREA.bottom) / 2;
  return [
    ...ticks.flatMap((part) => [
      element('line', {
        class: 'grid',
        x1: AREA.left,
        x2: AREA.right,
        y1: y(part * mostP95),
        y2: y(part * mostP95),
      }),
      element(
        'text',
        { x: AREA.left - 8, y: y(part * mostP95) + 5, 'text-anchor': 'end' },
        Number((part * mostP95).toPrecision(2)).toString(),
      ),
      element(
        'text',
        { x: x(part * mostRate), y: AREA.bottom + 22, 'text-anchor': 'middle' },
        String(Math.round(part * mostRate)),
      ),
    ]),
    element('line', { class: 'axis', x1: AREA.left, x2: AREA.right, y1: AREA.bottom, y2: AREA.bottom }),
    element(
      'text',
      { x: (AREA.left + AREA.right) / 2, y: AREA.bottom + 44, 'text-anchor': 'middle' },
      'texts per second, closed loop',
    ),
    element(
      'text',
      { x: 22, y: middle, 'text-anchor': 'middle', transform: `rotate(-90 22 ${middle})` },
      p95Title,
    ),
  ];
}
