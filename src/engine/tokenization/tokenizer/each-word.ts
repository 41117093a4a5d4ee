/** Takes the next word. @returns false when no further word is wanted */
export type Visit = (word: string) => boolean;

/**
 * Gives the words of a text to `visit`, in order, until it returns false; no word is empty.
 * @param section index of the text among the parts between added tokens
 * @returns false when `visit` has ended it
 */
export type EachWord = (text: string, section: number, visit: Visit) => boolean;

/** Each word of the first step is a text for the second, and so on. */
export function inSequence(steps: readonly EachWord[]): EachWord {
  return steps.reduceRight<EachWord>(
    (following, step) => (text, section, visit) =>
      step(text, section, (word) => following(word, section, visit)),
    (text, _section, visit) => visit(text),
  );
}
