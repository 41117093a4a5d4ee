import { noMoments, type Moments } from './moments.js';

/**
 * The evidence of a rollout, as plain counts. An evidence document is plain JSON, and two documents (of two replicas or
 * two steps) are merged by adding each number, except the moments (see merge.ts). Labels are identified by their index
 * in the rollout's list of labels, so that a label's name cannot be an unexpected key. Sums of scores and times are
 * kept in whole millionths or microseconds, because integers have the same sum in any order.
 */

/** Counts per bucket of a logarithmic histogram (see log-histogram.ts); empty buckets are absent. */
export type Histogram = Record<string, number>;

/** Counts per label index; absent is 0. */
export type LabelCounts = Record<string, number>;

/** Counts of pairs: one text, answered by both versions. Each distinct text counts once, except in `traffic…`. */
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
  /** The same sum, of the absolute values. */
  absoluteScoreShiftMicro: number;
  /** The same sum, of the squares. */
  squaredScoreShiftMicro: number;
  /** Distinct texts on which only the canary failed, or only the stable version. */
  canaryOnlyErrors: number;
  stableOnlyErrors: number;
  /** All pairs that both versions answered, including repeated texts, and the disagreements among them. */
  trafficPairs: number;
  trafficDisagreements: number;
}

/** Counts of the users' own requests that one version answered, without the comparisons. */
export interface VersionCounts {
  requests: number;
  /** The requests that failed because of the version (INFERENCE_FAILED, INTERNAL). */
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

/** The evidence of one window: a step, or the whole rollout. */
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

/** Empty evidence. */
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
