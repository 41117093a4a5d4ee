/** What a version's answer is for one label of one text. */
export type Outcome = 'hit' | 'false_alarm' | 'miss' | 'rest' | 'unknown';

/** Per label. */
export type Outcomes = readonly Outcome[];

/** Counts of one label over some texts. */
export interface LabelCounts {
  readonly hits: number;
  readonly falseAlarms: number;
  readonly misses: number;
  /** Texts without the label that do not get it. */
  readonly rest: number;
}

/** 2TP / (2TP + FP + FN); null when the label occurs neither among the texts nor among the answers. */
export function f1Of({ hits, falseAlarms, misses }: LabelCounts): number | null {
  const all = 2 * hits + falseAlarms + misses;
  return all === 0 ? null : (2 * hits) / all;
}

/** The mean of the F1 of the labels that occur; null when none does. */
export function meanF1(counts: readonly LabelCounts[]): number | null {
  const known = counts.map(f1Of).filter((f1) => f1 !== null);
  return known.length === 0 ? null : known.reduce((sum, f1) => sum + f1, 0) / known.length;
}

/** The counts of each label, of texts that occur so often. */
export function countOutcomes(
  texts: readonly Outcomes[],
  labels: number,
  times: (text: number) => number = () => 1,
): LabelCounts[] {
  return Array.from({ length: labels }, (_, k) => {
    const counts = { hit: 0, false_alarm: 0, miss: 0, rest: 0, unknown: 0 };
    texts.forEach((outcomes, i) => {
      counts[outcomes[k] ?? 'unknown'] += times(i);
    });
    return { hits: counts.hit, falseAlarms: counts.false_alarm, misses: counts.miss, rest: counts.rest };
  });
}

/**
 * What answers are for each label of their texts.
 * @param said per text the indices of the labels that it gets; null: it has no answer, and gets none
 */
export const outcomesOf = (
  sets: readonly (readonly (boolean | null)[])[],
  said: readonly (readonly number[] | null)[],
): Outcomes[] =>
  sets.map((set, i) =>
    set.map((has, k): Outcome => {
      if (has === null) return 'unknown';
      const gets = said[i]?.includes(k) ?? false;
      if (has) return gets ? 'hit' : 'miss';
      return gets ? 'false_alarm' : 'rest';
    }),
  );
