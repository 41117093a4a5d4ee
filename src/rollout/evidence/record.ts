import type { Difference } from '../../engine/tasks/task.js';
import type { Evidence, LabelCounts, PairCounts, VersionCounts } from './counts.js';
import { addValue } from './log-histogram.js';
import { addMoment } from './moments.js';

/**
 * What one version said about a text: the places of its labels, ascending, and the top score. Null: it failed.
 */
export type SideAnswer = { readonly said: readonly number[]; readonly score: number } | null;

/** What both versions said about a text. */
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
