import type { Difference } from '../../engine/tasks/task.js';
import type { Evidence, LabelCounts, PairCounts, VersionCounts } from './counts.js';
import { addValue } from './log-histogram.js';
import { addMoment } from './moments.js';

/**
 * The answer of one version for a text: the indices of its labels, ascending, and the top score. Null when it failed.
 */
export type SideAnswer = { readonly said: readonly number[]; readonly score: number } | null;

/** The answers of both versions for a text. */
export interface AnswerPair {
  readonly stable: SideAnswer;
  readonly canary: SideAnswer;
  /** Null when one of them failed. */
  readonly difference: Difference | null;
}

/** A user's own request, once answered. */
export interface OwnOutcome {
  /** The labels that the text got; null when it failed through the version's fault. */
  readonly said: readonly number[] | null;
  /**
   * Null when the latency does not depend on the version alone: the answer came from a cache, or was part of a batch.
   */
  readonly latencyMs: number | null;
}

/** One run of a worker. */
export interface WorkerRun {
  readonly inferenceMs: number;
  /** Rows times padded length. */
  readonly paddedTokens: number;
}

/** Feedback about an answer, received later. */
export interface Feedback {
  /** Whether the answer's label was correct; absent when the feedback does not contain the true label. */
  readonly correct?: boolean;
  readonly kpi?: number;
}

/** Maximum number of kinds of flips with their own count; enough for all kinds with 64 labels. */
export const MAX_FLIP_KINDS = 4096;
const MICRO = 1e6;
const MAX_STRATUM = 15;

const countLabel = (counts: LabelCounts, label: number): void => {
  counts[label] = (counts[label] ?? 0) + 1;
};

/**
 * Counts one pair.
 * @param isNew whether this text is counted for the first time in the rollout
 */
export function recordPair(evidence: Evidence, pair: AnswerPair, isNew: boolean): void {
  const { pairs } = evidence;
  const { stable, canary, difference } = pair;
  if (stable === null || canary === null || difference === null) {
    if (isNew && stable !== null) pairs.canaryOnlyErrors++;
    if (isNew && canary !== null) pairs.stableOnlyErrors++;
    return;
  }
  const { flip, distance } = difference;
  pairs.trafficPairs++;
  if (flip) pairs.trafficDisagreements++;
  if (!isNew) return;
  pairs.pairs++;
  if (flip) recordFlip(pairs, stable.said, canary.said);
  pairs.scoreShiftMicro += Math.round(distance * MICRO);
  pairs.absoluteScoreShiftMicro += Math.round(Math.abs(distance) * MICRO);
  pairs.squaredScoreShiftMicro += Math.round(distance * distance * MICRO);
}

function recordFlip(pairs: PairCounts, from: readonly number[], to: readonly number[]): void {
  pairs.disagreements++;
  for (const label of from) if (!to.includes(label)) countLabel(pairs.lost, label);
  for (const label of to) if (!from.includes(label)) countLabel(pairs.gained, label);
  const kind = `${from.join('+')}>${to.join('+')}`;
  const known = pairs.flips[kind];
  if (known === undefined && Object.keys(pairs.flips).length >= MAX_FLIP_KINDS) pairs.otherFlips++;
  else pairs.flips[kind] = (known ?? 0) + 1;
}

/** Counts a user's own request. */
export function recordOutcome(version: VersionCounts, { said, latencyMs }: OwnOutcome): void {
  version.requests++;
  if (said === null) version.errors++;
  else {
    for (const label of said) countLabel(version.labels, label);
    if (latencyMs !== null) addValue(version.latencyMicros, latencyMs * 1000);
  }
}

/**
 * Counts one run of a worker, for any request. Runs are grouped by size, because a smaller run costs more per token.
 */
export function recordRun(version: VersionCounts, { inferenceMs, paddedTokens }: WorkerRun): void {
  if (!(paddedTokens >= 1) || !(inferenceMs >= 0)) return;
  const stratum = Math.min(MAX_STRATUM, Math.floor(Math.log2(paddedTokens)));
  const histogram = version.runs[stratum] ?? {};
  version.runs[stratum] = histogram;
  addValue(histogram, (inferenceMs * 1e6) / paddedTokens);
  version.inferenceMicros += Math.round(inferenceMs * 1000);
  version.paddedTokens += paddedTokens;
}

/** Counts feedback about an answer. */
export function recordFeedback(version: VersionCounts, { correct, kpi }: Feedback): void {
  if (correct !== undefined) {
    version.feedback.total++;
    if (correct) version.feedback.correct++;
  }
  if (kpi !== undefined && Number.isFinite(kpi)) addMoment(version.kpi, kpi);
}
