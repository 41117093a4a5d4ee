import type { Comparison, Disagreement } from './figures.js';

/** From which label to which answers changed, most frequent first. */
export function directionsOf(differing: readonly Disagreement[]): Comparison['disagreements']['directions'] {
  const byDirection = new Map<string, { against: string | null; candidate: string | null; texts: number }>();
  for (const { against, candidate } of differing) {
    const key = JSON.stringify([against, candidate]);
    const known = byDirection.get(key);
    if (known === undefined) byDirection.set(key, { against, candidate, texts: 1 });
    else known.texts++;
  }
  return [...byDirection.values()].sort((a, b) => b.texts - a.texts);
}
