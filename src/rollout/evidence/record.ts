import type { Evidence, LabelCounts, PairCounts, VersionCounts } from './counts.js';
import { addValue } from './log-histogram.js';
import { addMoment } from './moments.js';

/** What one version said about a text: the index of its top label, and its score. Null: it failed. */
export type SideAnswer = { readonly label: number; readonly score: number } | null;

/** A user's own request, once answered. */
export interface OwnOutcome {
  /** Index of the top label; null when it failed through the version's fault. */
  readonly label: number | null;
  /** Null when it says nothing about the version: the answer came from a cache, or with others of a batch. */
  readonly latencyMs: number | null;
}

/** One run of a worker. */
export interface WorkerRun {
  readonly inferenceMs: number;
  /** Rows times padded length. */
  readonly paddedTokens: number;
}

/** The truth about an answer, later. */
export interface Feedback {
  /** Whether the answer's label was the true one; absent when the truth was not told. */
  readonly correct?: boolean;
  readonly kpi?: number;
}

/** Kinds of flips that are told apart; with 64 labels all of them. */
export const MAX_FLIP_KINDS = 4096;
const MICRO = 1e6;
const MAX_STRATUM = 15;

const countLabel = (counts: LabelCounts, label: number): void => {
  counts[label] = (counts[label] ?? 0) + 1;
};

/** Whether both answered, with different labels. */
export const isFlip = (stable: SideAnswer, canary: SideAnswer): boolean =>
  stable !== null && canary !== null && stable.label !== canary.label;

/**
 * Counts one pair.
 * @param isNew whether this text is counted for the first time in the rollout
 */
export function recordPair(evidence: Evidence, stable: SideAnswer, canary: SideAnswer, isNew: boolean): void {
  const { pairs } = evidence;
  if (stable === null || canary === null) {
    if (isNew && stable !== null) pairs.canaryOnlyErrors++;
    if (isNew && canary !== null) pairs.stableOnlyErrors++;
    return;
  }
  const flip = stable.label !== canary.label;
  pairs.trafficPairs++;
  if (flip) pairs.trafficDisagreements++;
  if (!isNew) return;
  pairs.pairs++;
  if (flip) recordFlip(pairs, stable.label, canary.label);
  const shift = canary.score - stable.score;
  pairs.scoreShiftMicro += Math.round(shift * MICRO);
  pairs.absoluteScoreShiftMicro += Math.round(Math.abs(shift) * MICRO);
  pairs.squaredScoreShiftMicro += Math.round(shift * shift * MICRO);
}

function recordFlip(pairs: PairCounts, from: number, to: number): void {
  pairs.disagreements++;
  countLabel(pairs.lost, from);
  countLabel(pairs.gained, to);
  const kind = `${from}>${to}`;
  const known = pairs.flips[kind];
  if (known === undefined && Object.keys(pairs.flips).length >= MAX_FLIP_KINDS) pairs.otherFlips++;
  else pairs.flips[kind] = (known ?? 0) + 1;
}

/** Counts a user's own request. */
export function recordOutcome(version: VersionCounts, { label, latencyMs }: OwnOutcome): void {
  version.requests++;
  if (label === null) version.errors++;
  else {
    countLabel(version.labels, label);
    if (latencyMs !== null) addValue(version.latencyMicros, latencyMs * 1000);
  }
}

/** Counts a run of a worker, for whomever it was. A run costs more per token the smaller it is: like with like. */
export function recordRun(version: VersionCounts, { inferenceMs, paddedTokens }: WorkerRun): void {
  if (!(paddedTokens >= 1) || !(inferenceMs >= 0)) return;
  const stratum = Math.min(MAX_STRATUM, Math.floor(Math.log2(paddedTokens)));
  const histogram = version.runs[stratum] ?? {};
  version.runs[stratum] = histogram;
  addValue(histogram, (inferenceMs * 1e6) / paddedTokens);
  version.inferenceMicros += Math.round(inferenceMs * 1000);
  version.paddedTokens += paddedTokens;
}

/** Counts what became known about an answer. */
export function recordFeedback(version: VersionCounts, { correct, kpi }: Feedback): void {
  if (correct !== undefined) {
    version.feedback.total++;
    if (correct) version.feedback.correct++;
  }
  if (kpi !== undefined && Number.isFinite(kpi)) addMoment(version.kpi, kpi);
}
