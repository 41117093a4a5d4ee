import type { Figures } from '../evidence/figures-view.js';
import type { SeriesPoint, SeriesSide } from '../evidence/series.js';
import type { Judgement } from '../gates/types.js';

/** Builds the point of a series from figures and judgement at a moment; null while there are no figures. */
export function pointOf(
  atMs: number,
  percent: number,
  figures: Figures | null,
  judgement: Judgement | null,
): SeriesPoint | null {
  if (figures === null) return null;
  const { step, total } = figures;
  const gate = judgement?.gates.find(({ gate: name }) => name === 'disagreement');
  const side = ({ requests, errors, latency_p50_ms, latency_p99_ms }: typeof step.canary): SeriesSide => ({
    requests,
    errors,
    p50_ms: latency_p50_ms,
    p99_ms: latency_p99_ms,
  });
  return {
    at_ms: atMs,
    percent,
    pairs: total.pairs.texts,
    disagreement: total.pairs.disagreement_rate,
    lower: gate?.lower ?? null,
    upper: gate?.upper ?? null,
    stable: side(step.stable),
    canary: side(step.canary),
  };
}
