/**
 * Which part of a text enters the model. It is part of the question: two views of one text have two answers.
 * `first`: the window that the model's token limit allows, and what follows it is cut.
 */
export interface View {
  readonly windows: 'first' | 'all';
  /** Windows at most; 1 where only the first counts. */
  readonly max: number;
}

/** The beginning of the text, as far as the model's token limit goes. */
export const FIRST_WINDOW: View = { windows: 'first', max: 1 };
