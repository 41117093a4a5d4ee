/** Time between two sentences about the same work. */
const INTERVAL_MS = 5_000;

/** A progress that is told every few seconds; what comes in between is not even put into words. */
export function saySeldom(say: (sentence: string) => void): (sentence: () => string) => void {
  let saidAt = performance.now();
  return (sentence) => {
    const now = performance.now();
    if (now - saidAt < INTERVAL_MS) return;
    saidAt = now;
    say(sentence());
  };
}
