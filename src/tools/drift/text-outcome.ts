import type { ErrorCode } from '../../base/errors/codes.js';

/** The outcome of one path for one text. */
export interface Answer {
  readonly ok: true;
  readonly label: string;
  /** Score of that label, 0 to 1. */
  readonly score: number;
  /** Tokens that entered the model, special ones included. */
  readonly tokens: number;
  readonly truncated: boolean;
  readonly version: string;
}

/** The answer of the file path, which has the score of every label. */
export interface FileAnswer extends Answer {
  readonly scores: Readonly<Record<string, number>>;
}

/** A text that a path did not answer. */
export interface Refusal {
  readonly ok: false;
  /** A code of the table; a newer service may answer one that this release does not know. */
  readonly code: ErrorCode | (string & {});
  readonly message: string;
}

export type ServiceOutcome = Answer | Refusal;
export type FileOutcome = FileAnswer | Refusal;
