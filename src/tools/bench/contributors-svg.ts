import { milliseconds } from '../../base/format.js';
import { svgPage, type Colours, element } from '../../base/charts/svg.js';
import type { LatencyParts } from './contributors.js';
import { loadName } from './loads.js';
import type { RunReport } from './bench-report.js';

const WIDTH = 860;
const LEFT = 190;
const RIGHT = 760;
const TOP = 60;
const BAR_HEIGHT = 20;
const BAR_STEP = 30;
const LEGEND_STEP = 22;
const LEGEND_COLUMNS = 3;

/** Classes of the colours, the largest contributors first; a pale one is the same colour at half strength. */
const KINDS = ['one', 'two', 'three', 'one pale', 'two pale', 'three pale'] as const;
const REST = 'rest';

const SHAPES = `
  .pale { fill-opacity: 0.45; }
  .small { font-size: 12px; }`;

const colours = ({ main, second, third, ink }: Colours): string => `
  rect.one { fill: ${main}; }
  rect.two { fill: ${second}; }
  rect.three { fill: ${third}; }
  rect.rest { fill: ${ink}; fill-opacity: 0.35; }`;

/** What the latency at p50 and at p99 of each load is made of: a bar each, cut by contributor, as long as its share. */
export function renderContributors(run: RunReport): string {
  const bars = run.loads.flatMap(({ load, at_p50: p50, at_p99: p99 }) =>
    [p50, p99].flatMap((parts) =>
      parts === null ? [] : [{ name: `${loadName(load)}, p${100 * parts.quantile}`, parts }],
    ),
  );
  const kinds = kindsOf(bars.map(({ parts }) => parts));
  const legend = [
    ...kinds,
    ...(hasRest(
      bars.map(({ parts }) => parts),
      kinds,
    )
      ? [['others', REST] as const]
      : []),
  ];
  const legendTop = TOP + bars.length * BAR_STEP + 20;
  const height = legendTop + Math.ceil(legend.length / LEGEND_COLUMNS) * LEGEND_STEP + 10;
  const title = 'What latency is made of';
  const body = [
    element('text', { class: 'title', x: 24, y: 30 }, title),
    ...bars.flatMap(({ name, parts }, i) => renderBar(name, parts, kinds, TOP + i * BAR_STEP)),
    ...legend.flatMap(([name, kind], i) => {
      const x = 24 + (i % LEGEND_COLUMNS) * ((WIDTH - 48) / LEGEND_COLUMNS);
      const y = legendTop + Math.floor(i / LEGEND_COLUMNS) * LEGEND_STEP;
      return [
        element('rect', { class: kind, x, y, width: 12, height: 12 }),
        element('text', { x: x + 18, y: y + 11 }, name),
      ];
    }),
  ];
  const description = bars
    .map(({ name, parts }) => `${name}: mostly ${parts.contributors[0]?.name ?? 'nothing'}`)
    .join('; ');
  return svgPage({ title, description, width: WIDTH, height, shapes: SHAPES, colours }, body);
}

/** One colour for one contributor in all bars: the largest of all of them first. */
function kindsOf(bars: readonly LatencyParts[]): Map<string, string> {
  const shares = new Map<string, number>();
  for (const { contributors } of bars) {
    for (const { name, share } of contributors) shares.set(name, (shares.get(name) ?? 0) + share);
  }
  const names = [...shares].sort(([, a], [, b]) => b - a).map(([name]) => name);
  return new Map(names.slice(0, KINDS.length).map((name, i) => [name, KINDS[i] ?? REST]));
}

const hasRest = (bars: readonly LatencyParts[], kinds: ReadonlyMap<string, string>): boolean =>
  bars.some(({ contributors }) => contributors.some(({ name }) => !kinds.has(name)));

function renderBar(
  name: string,
  { contributors, mean_latency_ms: latency }: LatencyParts,
  kinds: ReadonlyMap<string, string>,
  y: number,
): string[] {
  const order = [...kinds.keys()];
  const place = (of: string): number => (order.includes(of) ? order.indexOf(of) : order.length);
  const sum = contributors.reduce((total, { ms }) => total + ms, 0);
  let x = LEFT;
  const cuts = [...contributors]
    .sort((a, b) => place(a.name) - place(b.name))
    .map(({ name: of, ms }) => {
      const width = sum === 0 ? 0 : (ms / sum) * (RIGHT - LEFT);
      const cut = element('rect', { class: kinds.get(of) ?? REST, x, y, width, height: BAR_HEIGHT }, [
        element('title', {}, `${of}: ${milliseconds(ms)}`),
      ]);
      x += width;
      return cut;
    });
  return [
    element('text', { class: 'small', x: LEFT - 8, y: y + 15, 'text-anchor': 'end' }, name),
    ...cuts,
    element('text', { class: 'small', x: RIGHT + 8, y: y + 15 }, milliseconds(latency)),
  ];
}
