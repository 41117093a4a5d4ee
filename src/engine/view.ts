/**
 * How much of a text a model reads: only the first window, cut at the model's limit, or all windows up to a maximum.
 * Part of the key under which an answer is cached.
 */
export interface View {
  readonly windows: 'first' | 'all';
  /** Maximum number of windows of one text; 1 for `first`. */
  readonly max: number;
}

/** The text up to the model's limit: one sequence. */
export const FIRST_WINDOW: View = { windows: 'first', max: 1 };

export const isFirstWindow = ({ windows }: View): boolean => windows === 'first';

/** Windows `from` to `to` of a text, the latter excluded: several messages may share the windows of a long text. */
export interface WindowRange {
  readonly from: number;
  readonly to: number;
}

/** A part of a text, in UTF-16 units of the original text; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}
