/**
 * Number of edits (insert, delete, replace, swap two neighbours) that turn one string into the other: optimal string
 * alignment.
 */
export function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const inserted = (current[j - 1] ?? 0) + 1;
      const deleted = (previous[j] ?? 0) + 1;
      let best = Math.min(replaced, inserted, deleted);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1);
      }
      current.push(best);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}

/** The known name that the unknown one was probably meant to be, or null when none is near enough. */
export function nearest(unknown: string, known: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  for (const name of known) {
    // A quarter of the longer name allows one or two typing errors, or a missing unit (`request_timeout`).
    const limit = Math.max(1, Math.floor(Math.max(unknown.length, name.length) / 4));
    const distance = editDistance(unknown.toLowerCase(), name.toLowerCase());
    if (distance <= limit && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(unknown: string, known: readonly string[]): string {
  const name = nearest(unknown, known);
  return name === null ? '' : ` Did you mean ${JSON.stringify(name)}?`;
}
