import { scoreChange } from '../measure/batch-variance.js';
import type { Comparison, Disagreement } from './version-figures.js';
import type { LabelledText } from '../measure/labelled-data.js';
import type { Scored } from './quality.js';
import { accuracyDrop, dropInterval, mcnemarP } from './statistics/paired.js';

const EXAMPLES = 20;

export interface ComparedAnswers {
  readonly items: readonly LabelledText[];
  /** The candidate's labels. */
  readonly names: readonly string[];
  readonly candidate: readonly (Scored | null)[];
  readonly against: readonly (Scored | null)[];
  readonly showText: boolean;
}

/** Holds two versions' answers about the same texts against each other. */
export function compareAnswers({ items, names, candidate, against, showText }: ComparedAnswers): Comparison {
  const nameOf = (answer: Scored | null | undefined): string | null =>
    answer ? (names[answer.best] ?? null) : null;
  let [lost, won, largest, total, both] = [0, 0, 0, 0, 0];
  const differing: Disagreement[] = [];
  items.forEach(({ line, label, text }, i) => {
    const [before, after] = [against[i] ?? null, candidate[i] ?? null];
    const [wasRight, isRight] = [before?.best === label, after?.best === label];
    if (wasRight && !isRight) lost++;
    if (isRight && !wasRight) won++;
    if (before !== null && after !== null) {
      const change = scoreChange(before.scores, after.scores);
      both++;
      total += change;
      largest = Math.max(largest, change);
    }
    if (before?.best === after?.best) return;
    const shown = showText ? { text } : {};
    const answers = { against: nameOf(before), candidate: nameOf(after) };
    differing.push({ line, label: names[label] ?? '', ...answers, ...shown });
  });
  const counts = { n: items.length, lost, won };
  const [low, high] = dropInterval(counts);
  return {
    accuracy_drop_points: 100 * accuracyDrop(counts),
    interval_95_points: [100 * low, 100 * high],
    lost,
    won,
    mcnemar_p: mcnemarP(counts),
    disagreements: {
      texts: differing.length,
      directions: directionsOf(differing),
      examples: differing.slice(0, EXAMPLES),
    },
    score_shift: { mean: both === 0 ? 0 : total / both, max: largest },
  };
}

/** From which label to which answers changed, most frequent first. */
function directionsOf(differing: readonly Disagreement[]): Comparison['disagreements']['directions'] {
  const byDirection = new Map<string, { against: string | null; candidate: string | null; texts: number }>();
  for (const { against, candidate } of differing) {
    const key = JSON.stringify([against, candidate]);
    const known = byDirection.get(key);
    if (known === undefined) byDirection.set(key, { against, candidate, texts: 1 });
    else known.texts++;
  }
  return [...byDirection.values()].sort((a, b) => b.texts - a.texts);
}
