import type { RunSettings } from '../corpus/version-files.js';
import type { Sequence } from '../corpus/batches.js';

/** `batches`: length-sorted, within the budget. `single`: one text per run. */
export type RawMode = 'batches' | 'single';

export type ToRaw =
  | {
      readonly type: 'load';
      readonly version: string;
      readonly folder: string;
      readonly settings: RunSettings;
      readonly sequences: readonly Sequence[];
      /** 0 to 1: each process walks the batches in an order of its own. */
      readonly phase: number;
    }
  | {
      readonly type: 'measure';
      readonly version: string;
      readonly mode: RawMode;
      readonly durationMs: number;
    };

export interface RawMeasurement {
  readonly type: 'measured';
  readonly textsPerS: number;
  /** Milliseconds of one run. */
  readonly p50Ms: number;
}

export type FromRaw = { readonly type: 'loaded' } | RawMeasurement;
