import type { BatchVarianceFigures } from '../measure/batch-variance.js';
import type { ParityFigures } from './parity-check.js';
import type { LengthSpeed } from './measure-speed.js';
import type { CalibrationBin } from './statistics/calibration.js';
import type { LabelFigures } from './statistics/classification.js';
import type { Interval } from './statistics/proportion.js';

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
  /** `[label][answer]`. */
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: {
    readonly expected_error: number;
    readonly brier_score: number;
    /** Of equal mass. */
    readonly bins: readonly CalibrationBin[];
  };
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
}
