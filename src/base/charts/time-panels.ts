import { svgPage, type Colours, element, point } from './svg.js';

/** A value at a time; null when it is unknown, which leaves a gap in the line. */
export interface Sample {
  /** ms since 1970. */
  readonly atMs: number;
  readonly value: number | null;
}

/** The colour of a line. */
export type Tone = 'main' | 'second' | 'third';

export interface Line {
  readonly name: string;
  readonly tone: Tone;
  readonly samples: readonly Sample[];
  readonly dashed?: boolean;
  /** A value holds until the next one, rather than leading to it. */
  readonly stepped?: boolean;
}

/** An area between two values over time, cut off at the top of the panel. */
export interface Band {
  readonly name: string;
  readonly tone: Tone;
  readonly samples: readonly {
    readonly atMs: number;
    readonly low: number | null;
    readonly high: number | null;
  }[];
}

/** One of the diagrams, which lie below each other on a common time axis. */
export interface Panel {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly bands?: readonly Band[];
  /** A horizontal line, e.g. the allowed maximum. */
  readonly limit?: { readonly name: string; readonly value: number } | null;
  /** The axis goes from 0 to the highest value, and at least to this. */
  readonly atLeast: number;
  readonly format: (value: number) => string;
}

/** Moments that all panels show by a vertical line. */
export interface Event {
  readonly atMs: number;
  readonly name: string;
}

export interface TimeChart {
  readonly title: string;
  readonly description: string;
  readonly panels: readonly Panel[];
  readonly events: readonly Event[];
}

const WIDTH = 860;
const LEFT = 84;
const RIGHT = 830;
const TOP = 54;
const PLOT_HEIGHT = 150;
/** Height of a panel with its title, its legend and the gap to the next panel. */
const PANEL_HEIGHT = 232;
/** Distance from the plot of a panel to the next panel. */
const GAP = 38;
const TIME_TICKS = 6;
/** Labels of events that are closer than this would overlap, so only the first one is written. */
const EVENT_LABEL_WIDTH = 70;

const SHAPES = `
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .dashed { stroke-dasharray: 5 4; }
  .band { stroke: none; fill-opacity: 0.2; }
  .limit { stroke-width: 1.5; stroke-dasharray: 2 4; }
  .event { stroke-width: 1; stroke-dasharray: 3 3; }
  .small { font-size: 12px; }
  .head { font-weight: 600; }`;

const colours = ({ ink, main, second, third }: Colours): string => `
  .limit, .event { stroke: ${ink}; }
  .line.main { stroke: ${main}; } .band.main, .key.main { fill: ${main}; }
  .line.second { stroke: ${second}; } .band.second, .key.second { fill: ${second}; }
  .line.third { stroke: ${third}; } .band.third, .key.third { fill: ${third}; }`;

/** Diagrams over one time axis, as an SVG document. */
export function renderTimeChart({ title, description, panels, events }: TimeChart): string {
  const height = TOP + panels.length * PANEL_HEIGHT;
  const [fromMs, toMs] = rangeOf(panels, events);
  const x = (atMs: number): number => LEFT + ((atMs - fromMs) / (toMs - fromMs)) * (RIGHT - LEFT);
  const parts = [
    element('text', { class: 'title', x: LEFT, y: 30 }, title),
    ...panels.flatMap((panel, i) => renderPanel(panel, TOP + i * PANEL_HEIGHT, x, events, i === 0)),
    ...timeAxis(fromMs, toMs, x, height - GAP + 20),
  ];
  return svgPage({ title, description, width: WIDTH, height, shapes: SHAPES, colours }, parts);
}

/** The time range of all panels; at least a second, so that a single point can be drawn. */
function rangeOf(panels: readonly Panel[], events: readonly Event[]): [number, number] {
  const times = [
    ...panels.flatMap(({ lines }) => lines.flatMap(({ samples }) => samples.map(({ atMs }) => atMs))),
    ...events.map(({ atMs }) => atMs),
  ];
  const first = times.reduce((least, atMs) => Math.min(least, atMs), Infinity);
  const last = times.reduce((most, atMs) => Math.max(most, atMs), -Infinity);
  return times.length === 0 ? [0, 1000] : [first, Math.max(last, first + 1000)];
}

function renderPanel(
  panel: Panel,
  top: number,
  x: (atMs: number) => number,
  events: readonly Event[],
  withNames: boolean,
): string[] {
  const { title, lines, bands = [], limit = null, format } = panel;
  const highest = niceCeiling(highestOf(panel));
  const plotTop = top + 44;
  const bottom = plotTop + PLOT_HEIGHT;
  const y = (value: number): number => bottom - (Math.min(value, highest) / highest) * PLOT_HEIGHT;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) => part * highest);
  return [
    element('text', { class: 'head', x: LEFT, y: top + 14 }, title),
    ...legend(lines, bands, limit, top + 33),
    ...ticks.flatMap((value) => [
      element('line', {
        class: value === 0 ? 'axis' : 'grid',
        x1: LEFT,
        x2: RIGHT,
        y1: y(value),
        y2: y(value),
      }),
      element('text', { class: 'small', x: LEFT - 8, y: y(value) + 4, 'text-anchor': 'end' }, format(value)),
    ]),
    ...eventLines(events, x, plotTop, bottom, withNames),
    ...bands.flatMap(({ samples, tone }) =>
      runs(samples, ({ low, high }) => low !== null && high !== null).map((run) => {
        const upper = run.map(({ atMs, high }) => point(x(atMs), y(high ?? 0)));
        const lower = run.map(({ atMs, low }) => point(x(atMs), y(low ?? 0))).reverse();
        return element('polygon', { class: `band ${tone}`, points: [...upper, ...lower].join(' ') });
      }),
    ),
    ...(limit === null
      ? []
      : [element('line', { class: 'limit', x1: LEFT, x2: RIGHT, y1: y(limit.value), y2: y(limit.value) })]),
    ...lines.flatMap((line) => polylines(line, x, y)),
  ];
}

function polylines(
  { samples, tone, dashed, stepped }: Line,
  x: (atMs: number) => number,
  y: (value: number) => number,
): string[] {
  const name = `line ${tone}${dashed === true ? ' dashed' : ''}`;
  return runs(samples, ({ value }) => value !== null).map((run) => {
    const points = run.flatMap(({ atMs, value }, i) => {
      const here = point(x(atMs), y(value ?? 0));
      const before = run[i - 1];
      return stepped === true && before !== undefined ? [point(x(atMs), y(before.value ?? 0)), here] : [here];
    });
    return element('polyline', { class: name, points: points.join(' ') });
  });
}

/** Runs of consecutive samples without a gap. */
function runs<T>(samples: readonly T[], isThere: (sample: T) => boolean): T[][] {
  const found: T[][] = [];
  let isOpen = false;
  for (const sample of samples) {
    if (!isThere(sample)) isOpen = false;
    else if (isOpen) found.at(-1)?.push(sample);
    else {
      found.push([sample]);
      isOpen = true;
    }
  }
  return found;
}

/**
 * Highest value of the axis. Bands are ignored: they are very wide in the beginning, and would squeeze the lines
 * against the axis.
 */
function highestOf({ lines, limit, atLeast }: Panel): number {
  const values = [
    ...lines.flatMap(({ samples }) => samples.map(({ value }) => value ?? 0)),
    limit?.value ?? 0,
  ];
  return values.reduce((most, value) => Math.max(most, value), atLeast);
}

/** The next of 1, 2, 4 or 10 times a power of ten, because quarters of these are easy to read. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  // A rounding error must not move a value that equals a step to the next step.
  return power * ([1, 2, 4, 10].find((step) => step * power >= value * (1 - 1e-9)) ?? 10);
}

function legend(lines: readonly Line[], bands: readonly Band[], limit: Panel['limit'], y: number): string[] {
  let x = LEFT;
  const entries = [
    ...lines.map(({ name, tone, dashed }) => ({ name, tone, kind: dashed === true ? 'dashed' : 'line' })),
    ...bands.map(({ name, tone }) => ({ name, tone, kind: 'band' })),
    ...(limit ? [{ name: limit.name, tone: '', kind: 'limit' }] : []),
  ];
  return entries.flatMap(({ name, tone, kind }) => {
    const at = x;
    x += 46 + 7 * name.length;
    const key =
      kind === 'band'
        ? element('rect', { class: `band ${tone}`, x: at, y: y - 9, width: 24, height: 10 })
        : element('line', {
            class: kind === 'limit' ? 'limit' : `line ${tone}${kind === 'dashed' ? ' dashed' : ''}`,
            x1: at,
            x2: at + 24,
            y1: y - 4,
            y2: y - 4,
          });
    return [key, element('text', { class: 'small', x: at + 30, y }, name)];
  });
}

function eventLines(
  events: readonly Event[],
  x: (atMs: number) => number,
  top: number,
  bottom: number,
  withNames: boolean,
): string[] {
  let written = -Infinity;
  return events.flatMap(({ atMs, name }) => {
    const at = x(atMs);
    const line = element('line', { class: 'event', x1: at, x2: at, y1: top, y2: bottom });
    if (!withNames || at - written < EVENT_LABEL_WIDTH) return [line];
    written = at;
    const anchor = at > (LEFT + RIGHT) / 2 ? 'end' : 'start';
    const dx = anchor === 'end' ? -4 : 4;
    return [line, element('text', { class: 'small', x: at + dx, y: top + 12, 'text-anchor': anchor }, name)];
  });
}

function timeAxis(fromMs: number, toMs: number, x: (atMs: number) => number, y: number): string[] {
  const withSeconds = toMs - fromMs < 10 * 60_000;
  return Array.from({ length: TIME_TICKS + 1 }, (_, i) => {
    const atMs = fromMs + (i * (toMs - fromMs)) / TIME_TICKS;
    const iso = new Date(atMs).toISOString();
    const label = withSeconds ? iso.slice(11, 19) : iso.slice(5, 16).replace('T', ' ');
    const anchor = i === TIME_TICKS ? 'end' : 'middle';
    return element('text', { class: 'small', x: x(atMs), y, 'text-anchor': anchor }, label);
  });
}
