import { scoreChange } from '../measure/batch-variance.js';
import type { Comparison, Disagreement } from './version-figures.js';
import type { LabelledText } from '../measure/labelled-data.js';
import type { Scored } from './scored.js';
import { accuracyDrop, dropInterval, mcnemarP } from './statistics/paired.js';

const EXAMPLES = 20;

export interface ComparedAnswers<Label> {
  readonly items: readonly LabelledText<Label>[];
  readonly candidate: readonly (Scored | null)[];
  readonly against: readonly (Scored | null)[];
  readonly showText: boolean;
}

/** What a comparison asks of the labels of the data. */
export interface LabelWords<Label> {
  /** Whether an answer gives a text the labels that it has. */
  readonly isRight: (label: Label, answer: Scored | null) => boolean;
  /** The labels by name. */
  readonly inWords: (label: Label) => string;
  readonly saidInWords: (answer: Scored) => string;
}

/** Holds two versions' answers about the same texts against each other. */
export function compareAnswers<Label>(
  { items, candidate, against, showText }: ComparedAnswers<Label>,
  { isRight, inWords, saidInWords }: LabelWords<Label>,
): Omit<Comparison, 'several'> {
  const wordsOf = (answer: Scored | null): string | null => answer && saidInWords(answer);
  let [lost, won, largest, total, both] = [0, 0, 0, 0, 0];
  const differing: Disagreement[] = [];
  items.forEach(({ line, label, text }, i) => {
    const [before, after] = [against[i] ?? null, candidate[i] ?? null];
    const [wasRight, isRightNow] = [isRight(label, before), isRight(label, after)];
    if (wasRight && !isRightNow) lost++;
    if (isRightNow && !wasRight) won++;
    if (before !== null && after !== null) {
      const change = scoreChange(before.scores, after.scores);
      both++;
      total += change;
      largest = Math.max(largest, change);
    }
    const answers = { against: wordsOf(before), candidate: wordsOf(after) };
    if (answers.against === answers.candidate) return;
    const shown = showText ? { text } : {};
    differing.push({ line, label: inWords(label), ...answers, ...shown });
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
