import { seededRandom } from '../../../base/seeded-random.js';
import { percentileOf } from '../../../base/statistics/quantiles.js';
import { countOutcomes, f1Of, meanF1, type Outcome, type Outcomes } from '../../measure/label-outcomes.js';
import type { Interval } from './proportion.js';

const RESAMPLES = 2_000;
const SEED = 17;

/**
 * Percentile intervals (Efron 1979, Ann. Stat. 7) of figures about texts: texts are drawn with replacement, each with
 * all of its labels, because the labels of a text depend on each other. The draws are the same in every run.
 * @param texts what is known about each text, of which equal ones are one `key`
 * @param figures of the number of times that each distinct text was drawn; null where there is no such figure
 * @returns the 95 % interval of each figure; null where most draws have no such figure
 */
export function resample<Text>(
  texts: readonly Text[],
  keyOf: (text: Text) => string,
  figures: (distinct: readonly Text[], times: (text: number) => number) => readonly (number | null)[],
): (Interval | null)[] {
  const places = new Map<string, number>();
  const distinct: Text[] = [];
  const placeOf = Uint32Array.from(texts, (text) => {
    const key = keyOf(text);
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, distinct.length);
    return distinct.push(text) - 1;
  });
  const random = seededRandom(SEED);
  const found: number[][] = [];
  const drawn = new Uint32Array(distinct.length);
  for (let round = 0; round < RESAMPLES; round++) {
    drawn.fill(0);
    for (let left = placeOf.length; left > 0; left--) {
      const place = placeOf[Math.floor(random() * placeOf.length)] ?? 0;
      drawn[place] = (drawn[place] ?? 0) + 1;
    }
    figures(distinct, (text) => drawn[text] ?? 0).forEach((figure, k) => {
      const list = (found[k] ??= []);
      if (figure !== null) list.push(figure);
    });
  }
  return found.map((list) =>
    list.length < RESAMPLES / 2 ? null : [percentileOf(list, 0.025), percentileOf(list, 0.975)],
  );
}

/** One text's outcomes in both versions. */
interface Pair {
  readonly against: Outcomes;
  readonly candidate: Outcomes;
}

const only = (label: number, outcome: Outcome, labels: number): Outcomes =>
  Array.from({ length: labels }, (_, k) => (k === label ? outcome : 'unknown'));

/** The labels that some text has or gets. */
const occurring = (texts: readonly Outcomes[], labels: number): number[] =>
  countOutcomes(texts, labels).flatMap((counts, k) => (f1Of(counts) === null ? [] : [k]));

/**
 * The interval of the mean F1. Per label a hit and a miss are added to the texts, as Agresti and Coull add them to a
 * share (1998, Am. Stat. 52): without them a version without errors would have an interval of no width, on however few
 * texts.
 */
export function meanF1Interval(texts: readonly Outcomes[], labels: number): Interval {
  const added = occurring(texts, labels).flatMap((k) => [only(k, 'hit', labels), only(k, 'miss', labels)]);
  const [interval] = resample(
    [...texts, ...added],
    (outcomes) => outcomes.join(),
    (distinct, times) => [meanF1(countOutcomes(distinct, labels, times))],
  );
  return interval ?? [0, 1];
}

export interface F1Drops {
  readonly mean: Interval;
  readonly labels: readonly (Interval | null)[];
}

/**
 * The intervals of how far the mean F1, and the F1 of each label, drop from the version compared against to the
 * candidate, on the same texts. Per label two texts with it are added, of which each version has one right, as Bonett and
 * Price add them to a difference of shares: a rare label whose few texts come out alike proves little.
 */
export function f1DropIntervals(texts: readonly Pair[], labels: number): F1Drops {
  const all = texts.flatMap(({ against, candidate }) => [against, candidate]);
  const added = occurring(all, labels).flatMap((k): Pair[] => [
    { against: only(k, 'hit', labels), candidate: only(k, 'miss', labels) },
    { against: only(k, 'miss', labels), candidate: only(k, 'hit', labels) },
  ]);
  const [mean, ...drops] = resample(
    [...texts, ...added],
    ({ against, candidate }) => `${against.join()};${candidate.join()}`,
    (distinct, times) => {
      const before = countOutcomes(
        distinct.map(({ against }) => against),
        labels,
        times,
      );
      const after = countOutcomes(
        distinct.map(({ candidate }) => candidate),
        labels,
        times,
      );
      const drop = (a: number | null, b: number | null): number | null =>
        a === null || b === null ? null : a - b;
      return [
        drop(meanF1(before), meanF1(after)),
        ...before.map((counts, k) => drop(f1Of(counts), f1Of(after[k] ?? counts))),
      ];
    },
  );
  return { mean: mean ?? [-1, 1], labels: drops };
}
