import { noMoments, type Moments } from './moments.js';

/**
 * What a rollout has seen, as plain counts: an evidence document is JSON as it stands, and two of them (of two
 * replicas, of two steps) are added number by number, moments apart (see merge.ts). Labels are named by their index in the
 * list that the rollout was begun with, so that no label's name can be a surprising key. Sums of scores and of
 * times are kept in whole millionths or microseconds: integers add up to the same sum in any order.
 */

/** Counts per bucket of a logarithmic histogram (see log-histogram.ts); empty buckets are absent. */
export type Histogram = Record<string, number>;

/** Counts per label index; absent is 0. */
export type LabelCounts = Record<string, number>;

/** Pairs: one text, answered by both versions. Distinct texts only, but for `traffic…`. */
export interface PairCounts {
  /** Distinct texts that both versions answered. */
  pairs: number;
  /** Of these, the texts with different top labels. */
  disagreements: number;
  /** Per label: distinct texts that only the canary gives it. */
  gained: LabelCounts;
  /** Per label: distinct texts that only the stable version gives it. */
  lost: LabelCounts;
  /** Flips by `stable label>canary label` (indices), distinct texts; at most MAX_FLIP_KINDS kinds per replica. */
  flips: Record<string, number>;
  /** Flips of a kind beyond that number. */
  otherFlips: number;
  /** Sum over distinct texts of the top score's change, canary − stable, in millionths. */
  scoreShiftMicro: number;
  /** The same, of its absolute value. */
  absoluteScoreShiftMicro: number;
  /** The same, of its square. */
  squaredScoreShiftMicro: number;
  /** Distinct texts that only the canary failed, and only the stable version. */
  canaryOnlyErrors: number;
  stableOnlyErrors: number;
  /** Every pair that both answered, repeated texts too, and the disagreements among them. */
  trafficPairs: number;
  trafficDisagreements: number;
}

/** The users' own requests that one version answered; pairs are not among them. */
export interface VersionCounts {
  requests: number;
  /** Of these, the ones that failed through the version's fault (INFERENCE_FAILED, INTERNAL). */
  errors: number;
  labels: LabelCounts;
  /** Latency of answered requests, in microseconds. */
  latencyMicros: Histogram;
  /** Per ⌊log2 padded tokens⌋ of a run: a histogram of worker nanoseconds per padded token, one count per run. */
  runs: Record<string, Histogram>;
  inferenceMicros: number;
  paddedTokens: number;
  feedback: { correct: number; total: number };
  kpi: Moments;
}

/** One window of a rollout: a step, or all of it. */
export interface Evidence {
  pairs: PairCounts;
  canary: VersionCounts;
  stable: VersionCounts;
}

const noVersionCounts = (): VersionCounts => ({
  requests: 0,
  errors: 0,
  labels: {},
  latencyMicros: {},
  runs: {},
  inferenceMicros: 0,
  paddedTokens: 0,
  feedback: { correct: 0, total: 0 },
  kpi: noMoments(),
});

/** Nothing seen yet. */
export const noEvidence = (): Evidence => ({
  pairs: {
    pairs: 0,
    disagreements: 0,
    gained: {},
    lost: {},
    flips: {},
    otherFlips: 0,
    scoreShiftMicro: 0,
    absoluteScoreShiftMicro: 0,
    squaredScoreShiftMicro: 0,
    canaryOnlyErrors: 0,
    stableOnlyErrors: 0,
    trafficPairs: 0,
    trafficDisagreements: 0,
  },
  canary: noVersionCounts(),
  stable: noVersionCounts(),
});
