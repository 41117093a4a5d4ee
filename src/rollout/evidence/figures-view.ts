import type { Evidence, LabelCounts, PairCounts, VersionCounts } from './counts.js';
import type { FlipExample } from './flip-examples.js';
import { quantileOf } from './log-histogram.js';
import { meanOf } from './moments.js';

/** The figures of one version's own requests. Times in ms; a ratio is null when its denominator is 0. */
export interface SideFigures {
  readonly requests: number;
  readonly errors: number;
  readonly error_rate: number | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p99_ms: number | null;
  readonly worker_us_per_padded_token: number | null;
  readonly labels: Readonly<Record<string, number>>;
  readonly feedback_accuracy: number | null;
  readonly feedback: number;
  readonly kpi_mean: number | null;
}

/** The comparison of both versions on the same texts. Each distinct text counts once, except in `traffic_…`. */
export interface PairFigures {
  readonly texts: number;
  readonly disagreements: number;
  readonly disagreement_rate: number | null;
  readonly traffic_texts: number;
  readonly traffic_disagreement_rate: number | null;
  /** By `<stable label>><canary label>`. */
  readonly flips: Readonly<Record<string, number>>;
  readonly mean_score_shift: number | null;
  readonly mean_absolute_score_shift: number | null;
  readonly canary_only_errors: number;
  readonly stable_only_errors: number;
}

export interface WindowFigures {
  readonly stable: SideFigures;
  readonly canary: SideFigures;
  readonly pairs: PairFigures;
}

/** Figures since the step began, and since the rollout began. */
export interface Figures {
  readonly step: WindowFigures;
  readonly total: WindowFigures;
}

/** A text on which the versions disagreed. */
export interface FlipView {
  /** 16 hex digits. */
  readonly hash: string;
  /** UTF-16 units. */
  readonly length: number;
  readonly stable_label: string;
  readonly canary_label: string;
  readonly stable_score: number;
  readonly canary_score: number;
  /** Null unless LOG_TEXT allows texts. */
  readonly text: string | null;
}

const ratio = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);
const MICRO = 1e6;

const named = (counts: LabelCounts, labels: readonly string[]): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).map(([index, count]) => [labels[Number(index)] ?? index, count]));

/** `joy+love`; `none` for a text without a label. */
const nameLabels = (places: readonly number[], labels: readonly string[]): string =>
  places.length === 0 ? 'none' : places.map((place) => labels[place] ?? String(place)).join('+');

const milliseconds = (micros: number | null): number | null => (micros === null ? null : micros / 1000);

function sideFigures(version: VersionCounts, labels: readonly string[]): SideFigures {
  const { requests, errors, latencyMicros, feedback, kpi } = version;
  return {
    requests,
    errors,
    error_rate: ratio(errors, requests),
    latency_p50_ms: milliseconds(quantileOf(latencyMicros, 0.5)),
    latency_p99_ms: milliseconds(quantileOf(latencyMicros, 0.99)),
    worker_us_per_padded_token: ratio(version.inferenceMicros, version.paddedTokens),
    labels: named(version.labels, labels),
    feedback_accuracy: ratio(feedback.correct, feedback.total),
    feedback: feedback.total,
    kpi_mean: meanOf(kpi),
  };
}

function pairFigures(pairs: PairCounts, labels: readonly string[]): PairFigures {
  const name = (places: string | undefined): string =>
    nameLabels(places === undefined || places === '' ? [] : places.split('+').map(Number), labels);
  const flips = Object.entries(pairs.flips).map(([kind, count]): [string, number] => {
    const [from, to] = kind.split('>');
    return [`${name(from)}>${name(to)}`, count];
  });
  return {
    texts: pairs.pairs,
    disagreements: pairs.disagreements,
    disagreement_rate: ratio(pairs.disagreements, pairs.pairs),
    traffic_texts: pairs.trafficPairs,
    traffic_disagreement_rate: ratio(pairs.trafficDisagreements, pairs.trafficPairs),
    flips: Object.fromEntries(flips),
    mean_score_shift: ratio(pairs.scoreShiftMicro / MICRO, pairs.pairs),
    mean_absolute_score_shift: ratio(pairs.absoluteScoreShiftMicro / MICRO, pairs.pairs),
    canary_only_errors: pairs.canaryOnlyErrors,
    stable_only_errors: pairs.stableOnlyErrors,
  };
}

/**
 * Evidence as GET /admin/canary shows it.
 * @param labels names of the labels, by the index that the evidence counts under
 */
export function windowFigures({ stable, canary, pairs }: Evidence, labels: readonly string[]): WindowFigures {
  return {
    stable: sideFigures(stable, labels),
    canary: sideFigures(canary, labels),
    pairs: pairFigures(pairs, labels),
  };
}

/** @param labels names of the labels, by the index that the evidence counts under */
export function flipViews(examples: readonly FlipExample[], labels: readonly string[]): FlipView[] {
  const name = (first: number, others: readonly number[] = []): string =>
    nameLabels(first < 0 ? [] : [first, ...others], labels);
  return examples.map(({ hash, length, stableScore, canaryScore, text, ...said }) => ({
    hash,
    length,
    stable_label: name(said.stableLabel, said.stableOthers),
    canary_label: name(said.canaryLabel, said.canaryOthers),
    stable_score: stableScore,
    canary_score: canaryScore,
    text,
  }));
}
