import type { RunSettings } from '../corpus/manifest.js';
import type { Sequence } from '../corpus/padded-batches.js';

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
