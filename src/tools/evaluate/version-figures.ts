import type { BatchVarianceFigures } from '../measure/batch-variance.js';
import type { ParityFigures } from './parity-check.js';
import type { LengthSpeed } from './measure-speed.js';
import type { CalibrationBin } from './statistics/calibration.js';
import type { RecallAt } from './statistics/ranking.js';
import type { LabelFigures } from './statistics/classification.js';
import type { Interval } from './statistics/proportion.js';

/**
 * The share of the texts that are right; where a text may have several labels, of those of which every known label is.
 */
export interface Accuracy {
  readonly correct: number;
  readonly n: number;
  readonly accuracy: number;
  /** Wilson's. */
  readonly interval_95: Interval;
}

/** Quality figures computed from the answers of one version. */
export interface Quality {
  readonly accuracy: Accuracy;
  /** Texts that it could not answer; they count as wrong. */
  readonly unanswered: number;
  readonly truncated: number;
  readonly labels: readonly ({ readonly label: string } & LabelFigures)[];
  readonly macro_f1: number | null;
  /** `[label][answer]`; null where a text may have several labels. */
  readonly confusion: readonly (readonly number[])[] | null;
  readonly calibration: {
    readonly expected_error: number;
    readonly brier_score: number;
    /** Of equal mass. */
    readonly bins: readonly CalibrationBin[];
  };
  /** Null where a text has exactly one label. */
  readonly several: SeveralFigures | null;
}

/** The figures of a version that gives a text any number of labels. */
export interface SeveralFigures {
  readonly macro_f1_interval_95: Interval;
  /** Over all labels together; null when there is none. */
  readonly micro_precision: number | null;
  readonly micro_recall: number | null;
  readonly micro_f1: number | null;
  /** In the order of the labels. */
  readonly labels: readonly SeveralLabelFigures[];
}

/** One label of those that a text may have. */
export interface SeveralLabelFigures {
  readonly label: string;
  /** The lowest score with which a text has it. */
  readonly threshold: number;
  /** Texts of which the data say whether they have it. */
  readonly known: number;
  /** Wilson's; of F1 by that of hits among the texts that have the label or get it. */
  readonly precision_interval_95: Interval;
  readonly recall_interval_95: Interval;
  readonly f1_interval_95: Interval;
  /** Where at most 1 % of the texts without it get it; null without texts of both kinds. */
  readonly recall_at_1_percent: RecallAt | null;
  readonly expected_error: number;
}

/** Size, start time, memory and speed of a version on this machine. */
export interface Cost {
  /** Of all files that the manifest names. */
  readonly bytes: number;
  /** From the start of the processes until the first could answer. */
  readonly load_ms: number;
  /** Of the largest worker process, which has this version alone. */
  readonly worker_rss_bytes: number;
  /** Over the texts of the data, in the batches of `serin batch`, by all workers. */
  readonly texts_per_s: number;
  readonly by_length: readonly LengthSpeed[];
}

export interface VersionFigures extends Quality {
  readonly version: string;
  readonly manifest_sha256: string;
  readonly precision: string;
  readonly cost: Cost;
  readonly parity: ParityFigures | null;
}

export interface CandidateFigures extends VersionFigures {
  readonly runs_alone: boolean;
  readonly batch_variance: BatchVarianceFigures;
}

/** One text that the two versions do not agree about. */
export interface Disagreement {
  /** Of the data, from 1. */
  readonly line: number;
  /** Several labels are joined by plus signs, and none are `none`. */
  readonly label: string;
  /** Null: no answer. */
  readonly against: string | null;
  readonly candidate: string | null;
  /** Only when texts are to be shown. */
  readonly text?: string;
}

/** Both versions on the same texts. */
export interface Comparison {
  /** Points that the candidate is below the other; negative: above. */
  readonly accuracy_drop_points: number;
  readonly interval_95_points: Interval;
  /** Texts that only the other one has right. */
  readonly lost: number;
  /** Texts that only the candidate has right. */
  readonly won: number;
  readonly mcnemar_p: number;
  readonly disagreements: {
    readonly texts: number;
    /** Most frequent first. */
    readonly directions: readonly {
      readonly against: string | null;
      readonly candidate: string | null;
      readonly texts: number;
    }[];
    readonly examples: readonly Disagreement[];
  };
  /** |Δ| of the score of any label, the largest of each text. */
  readonly score_shift: { readonly mean: number; readonly max: number };
  /** Null where a text has exactly one label. */
  readonly several: SeveralComparison | null;
}

/** What F1 loses, where a text may have several labels. Points; negative: a gain. */
export interface SeveralComparison {
  readonly macro_f1_drop_points: number;
  /** By resampling the texts. */
  readonly interval_95_points: Interval;
  readonly labels: readonly {
    readonly label: string;
    /** Null where one of the two has no F1. */
    readonly f1_drop_points: number | null;
    readonly interval_95_points: Interval | null;
  }[];
}
