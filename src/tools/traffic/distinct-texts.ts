/** Of the words of a sentence, about this share is exchanged, at least one. */
const EXCHANGED_SHARE = 0.3;
/** After so many copies of texts that exist the sentence gets a number instead: few short sentences run out of words. */
const TRIES = 8;

/**
 * As many distinct texts as wanted: the sentences themselves, then the sentences again with some words exchanged for
 * words of other sentences. They keep the lengths of real text, and the same sentences and source of numbers give
 * the same texts.
 * @param sentences not blank; those that come twice are taken once
 */
export function* distinctTexts(sentences: readonly string[], random: () => number): Generator<string> {
  const distinct = [...new Set(sentences)];
  const words = distinct.flatMap((sentence) => sentence.trim().split(/\s+/));
  const seen = new Set(distinct);
  yield* distinct;
  const pick = (): string => words[Math.floor(random() * words.length)] ?? '';
  const exchanged = (sentence: string): string => {
    const parts = sentence.trim().split(/\s+/);
    const always = Math.floor(random() * parts.length);
    return parts.map((word, i) => (i === always || random() < EXCHANGED_SHARE ? pick() : word)).join(' ');
  };
  for (let i = 0; ; i++) {
    const sentence = distinct[i % distinct.length] ?? '';
    let text = exchanged(sentence);
    for (let tries = 1; seen.has(text) && tries < TRIES; tries++) text = exchanged(sentence);
    if (seen.has(text)) text = `${text} ${i}`;
    if (seen.has(text)) continue;
    seen.add(text);
    yield text;
  }
}
