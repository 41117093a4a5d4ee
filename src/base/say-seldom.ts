/** Minimum time between two progress sentences, in milliseconds. */
const INTERVAL_MS = 5_000;

/** Limits progress sentences to one in a few seconds. Sentences in between are not even built. */
export function saySeldom(say: (sentence: string) => void): (sentence: () => string) => void {
  let saidAt = performance.now();
  return (sentence) => {
    const now = performance.now();
    if (now - saidAt < INTERVAL_MS) return;
    saidAt = now;
    say(sentence());
  };
}
