import { milliseconds, share } from '../../base/format.js';
import { renderTimeChart, type Event, type Panel, type Sample } from '../../base/charts/time-panels.js';
import type { RolloutMove } from '../rollout-types.js';
import type { SeriesDocument, SeriesPoint } from '../evidence/series.js';

/** The data of a rollout's plots. */
export interface Plotted {
  readonly title: string;
  /** The outcome of the rollout, in a sentence. */
  readonly description: string;
  readonly stable: string;
  readonly canary: string;
  readonly series: SeriesDocument;
  readonly moves: readonly RolloutMove[];
  /** Limit of the disagreement, 0 to 1; null when that gate is off. */
  readonly disagreementLimit: number | null;
}

/** Share, disagreement with its bounds, and latency of both versions over time, as an SVG document. */
export function renderPlots(plotted: Plotted): string {
  const { title, description, moves } = plotted;
  const panels = [sharePanel(plotted), disagreementPanel(plotted), latencyPanel(plotted)];
  return renderTimeChart({ title, description, panels, events: moves.map(eventOf) });
}

const eventOf = ({ at, move, to }: RolloutMove): Event => ({
  atMs: Date.parse(at),
  name:
    move === 'set' || move === 'step' || move === 'start'
      ? `${move} ${to.percent} %`
      : move.replace('_', ' '),
});

function sharePanel({ series: { points } }: Plotted): Panel {
  const asked = points.map(({ at_ms: atMs, percent }) => ({ atMs, value: percent / 100 }));
  return {
    title: 'Share of the canary',
    lines: [
      { name: 'asked for', tone: 'third', stepped: true, samples: asked },
      { name: 'of the requests in the step', tone: 'main', samples: points.map(observedShare) },
    ],
    atLeast: 0.01,
    format: share,
  };
}

function observedShare({ at_ms: atMs, stable, canary, percent }: SeriesPoint): Sample {
  const all = stable.requests + canary.requests;
  return { atMs, value: all === 0 || percent === 0 ? null : canary.requests / all };
}

function disagreementPanel({ series: { points }, disagreementLimit: limit }: Plotted): Panel {
  return {
    title: 'Texts that get another label than from the stable version',
    lines: [
      {
        name: 'observed, distinct texts',
        tone: 'main',
        samples: points.map(({ at_ms: atMs, disagreement }) => ({ atMs, value: disagreement })),
      },
    ],
    bands: [
      {
        name: 'bounds at all looks at once',
        tone: 'main',
        samples: points.map(({ at_ms: atMs, lower, upper }) => ({ atMs, low: lower, high: upper })),
      },
    ],
    limit: limit === null ? null : { name: `allowed: ${share(limit)}`, value: limit },
    // Leaves space above the limit for the bounds, which are far above it until there are some hundred texts.
    atLeast: 4 * (limit ?? 0.025),
    format: share,
  };
}

function latencyPanel({ series: { points }, stable, canary }: Plotted): Panel {
  const samples = (value: (point: SeriesPoint) => number | null): Sample[] =>
    points.map((point) => ({ atMs: point.at_ms, value: value(point) }));
  return {
    title: 'Latency of users’ requests since the step began',
    lines: [
      { name: `${stable} p50`, tone: 'main', samples: samples((point) => point.stable.p50_ms) },
      { name: `${stable} p99`, tone: 'main', dashed: true, samples: samples((point) => point.stable.p99_ms) },
      { name: `${canary} p50`, tone: 'second', samples: samples((point) => point.canary.p50_ms) },
      {
        name: `${canary} p99`,
        tone: 'second',
        dashed: true,
        samples: samples((point) => point.canary.p99_ms),
      },
    ],
    atLeast: 1,
    format: milliseconds,
  };
}
