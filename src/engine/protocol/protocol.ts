import type { ErrorCode } from '../../base/errors/codes.js';
import type { TaskName } from '../../registry/tasks.js';
import type { WindowRange } from '../view.js';
import type { BatchingSettings, FileRecord, SessionSettings } from '../../registry/manifest.js';

/**
 * The data that a worker needs to load a version. Every file is read once, checked against its digest, and used from
 * memory.
 */
export interface VersionSpec {
  /** `<model>/<version>@<digest>`: names the loaded version in every message. */
  readonly key: string;
  readonly folder: string;
  readonly files: Readonly<Record<string, FileRecord>>;
  readonly task: TaskName;
  readonly labels: readonly string[];
  readonly maxTokens: number;
  readonly truncationSide: 'left' | 'right';
  readonly session: SessionSettings;
  readonly batching: BatchingSettings;
  readonly threads: number;
}

/** Milliseconds of one run of n rows padded to L tokens: `fixedMs + perTokenMs·n·L + perTokenSquaredMs·n·L²`. */
export interface CostCoefficients {
  readonly fixedMs: number;
  readonly perTokenMs: number;
  readonly perTokenSquaredMs: number;
}

/** The model's output for the texts of a message: one row per sequence, in the order of the texts and their windows. */
export interface MessageRows {
  /** Rows one after the other, `width` numbers each. */
  readonly values: Float32Array;
  readonly width: number;
  /** Per row: tokens that entered the model, special tokens included. */
  readonly tokens: readonly number[];
  /** Per text: whether the text continued after its last window. */
  readonly truncated: readonly boolean[];
  /** Indices of the texts of which the tokenizer leaves nothing; they have rows all the same. */
  readonly empty: readonly number[];
  /** Set when several sequences per text were requested; null when each text is one row. */
  readonly windows: MessageWindows | null;
}

export interface MessageWindows {
  /** Per text: exclusive end of its rows; a text that has no window in its range has no row. */
  readonly rowEnds: readonly number[];
  /** Per row: start and end of its window, in UTF-16 units of its text. */
  readonly spans: readonly number[];
}

/** The time that each stage of a batch took in the worker. */
export interface BatchTimings {
  /** Milliseconds at which the worker began the message, by the clock that processes share (machine-clock.ts). */
  readonly startedAt: number;
  /** Tokenizing all texts, and splitting them into runs. */
  readonly tokenizeMs: number;
  /** All runs; they follow the tokenization at once. */
  readonly inferenceMs: number;
  /** Padded tokens: rows × longest row, summed over the runs into which the worker split the batch. */
  readonly paddedTokens: number;
}

/**
 * Texts that are already tokenized, and their division into runs, which the worker does not change. Several runs share
 * a message, because a small message costs as much as a larger one.
 */
export interface PlannedRuns {
  /** Token ids of all texts, special tokens included, one text after the other. */
  readonly ids: Int32Array;
  /** Exclusive end of each text in `ids`; in each run the longest text comes last. */
  readonly textEnds: Int32Array;
  /** Per text: whether tokens were cut off. */
  readonly truncated: readonly boolean[];
  /** Exclusive end of each run, in texts. */
  readonly runEnds: readonly number[];
}

/** Work for one version. Only the source that creates it and the worker that runs it read its content. */
export type WorkPayload =
  | {
      readonly type: 'run';
      /** The worker tokenizes them and splits them into runs with the least total predicted time. */
      readonly texts: readonly string[];
      /**
       * Per text: the requested windows; null for a text that the model reads up to its limit. Null instead of the list
       * when no text uses windows.
       */
      readonly ranges: readonly (WindowRange | null)[] | null;
    }
  | { readonly type: 'run_planned'; readonly runs: PlannedRuns };

export type ToWorker =
  | { readonly type: 'load'; readonly spec: VersionSpec }
  | { readonly type: 'unload'; readonly key: string }
  | (WorkPayload & { readonly batchId: number; readonly key: string });

/** Errors cross the process boundary as data, because a thrown error would lose its class and code there. */
export type FromWorker =
  | { readonly type: 'online' }
  | { readonly type: 'warming'; readonly key: string }
  /** A sign of life within a load: its files are read, or a run of the warm-up has ended. */
  | { readonly type: 'load_step'; readonly key: string }
  | {
      readonly type: 'loaded';
      readonly key: string;
      readonly cost: CostCoefficients;
      readonly loadMs: number;
    }
  | { readonly type: 'load_failed'; readonly key: string; readonly message: string }
  | { readonly type: 'unloaded'; readonly key: string }
  | BatchDone;

export type BatchDone =
  | {
      readonly type: 'done';
      readonly batchId: number;
      readonly ok: true;
      readonly rows: MessageRows;
      readonly timings: BatchTimings;
      /** Cost coefficients of this version, by the latest fit. */
      readonly cost: CostCoefficients;
      readonly rssBytes: number;
    }
  | {
      readonly type: 'done';
      readonly batchId: number;
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      readonly rssBytes: number;
    };
