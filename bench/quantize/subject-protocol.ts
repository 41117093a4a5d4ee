import type { RunSettings } from '../corpus/version-files.js';
import type { Sequence } from '../corpus/batches.js';

export type ToSubject =
  | {
      readonly type: 'load';
      readonly modelFile: string;
      readonly session: RunSettings['session'];
      readonly sequences: readonly Sequence[];
    }
  | {
      readonly type: 'answer';
      /** Indices of the sequences that share a run. */
      readonly batches: readonly (readonly number[])[];
    }
  | {
      readonly type: 'measure';
      /** 0: one text per run. */
      readonly maxPaddedTokens: number;
      readonly durationMs: number;
    };

export type FromSubject =
  | { readonly type: 'loaded' }
  /** Of each sequence, in their order. */
  | { readonly type: 'answered'; readonly logits: readonly (readonly number[])[] }
  | { readonly type: 'measured'; readonly textsPerS: number };
