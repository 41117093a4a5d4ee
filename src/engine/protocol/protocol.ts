import type { ErrorCode } from '../../base/errors/codes.js';
import type { TaskName } from '../../registry/tasks.js';
import type { WindowRange } from '../view.js';
import type { BatchingSettings, FileRecord, SessionSettings } from '../../registry/manifest.js';

/** What a worker needs to load a version; every file is read once, checked against its digest, and used from memory. */
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

/** What the model says about the texts of a message, one row per sequence, in the order of texts and their windows. */
export interface MessageRows {
  /** Rows one after the other, `width` numbers each. */
  readonly values: Float32Array;
  readonly width: number;
  /** Per row: tokens that entered the model, special tokens included. */
  readonly tokens: readonly number[];
  /** Per text: whether it went on behind its last window. */
  readonly truncated: readonly boolean[];
  /** Where several sequences per text were asked for; null: each text is one row. */
  readonly windows: MessageWindows | null;
}

export interface MessageWindows {
  /** Per text: exclusive end of its rows; a text that has no window in its range has no row. */
  readonly rowEnds: readonly number[];
  /** Per row: start and end of its window, in UTF-16 units of its text. */
  readonly spans: readonly number[];
}

/** Where the time of a batch went, in the worker. */
export interface BatchTimings {
  /** When the worker began with the message, by the clock that processes share (machine-clock.ts); milliseconds. */
  readonly startedAt: number;
  /** Tokenizing all texts, and splitting them into runs. */
  readonly tokenizeMs: number;
  /** All runs; they follow the tokenization at once. */
  readonly inferenceMs: number;
  /** Rows × longest row, summed over the runs that the worker made of the batch. */
  readonly paddedTokens: number;
}

/**
 * Texts that are tokenized already, and the runs that are to be made of them: whoever planned these gets the same
 * runs every time. Several runs share a message, since one that carries little costs as much as one that carries more.
 */
export interface PlannedRuns {
  /** Token ids of all texts, special tokens included, one text after the other. */
  readonly ids: Int32Array;
  /** Exclusive end of each text in `ids`; in each run the longest text comes last. */
  readonly textEnds: Int32Array;
  /** Per text: whether it had more tokens than these. */
  readonly truncated: readonly boolean[];
  /** Exclusive end of each run, in texts. */
  readonly runEnds: readonly number[];
}

/** Work for one version. Only the source that makes it and the worker that runs it look inside. */
export type WorkPayload =
  | {
      readonly type: 'run';
      /** The worker tokenizes them and splits them where the predicted run times are least. */
      readonly texts: readonly string[];
      /** Per text: the windows that are asked for, or null: what the model reads of it without windows. Null: no text has any. */
      readonly ranges: readonly (WindowRange | null)[] | null;
    }
  | { readonly type: 'run_planned'; readonly runs: PlannedRuns };

export type ToWorker =
  | { readonly type: 'load'; readonly spec: VersionSpec }
  | { readonly type: 'unload'; readonly key: string }
  | (WorkPayload & { readonly batchId: number; readonly key: string });

/** Nothing is thrown across the process boundary: an error loses class and code there, so it travels as data. */
export type FromWorker =
  | { readonly type: 'online' }
  | { readonly type: 'warming'; readonly key: string }
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
      /** What runs of this version cost now, by the latest fit. */
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
