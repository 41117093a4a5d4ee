import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgedBy, type Judging } from '../../../../src/tools/evaluate/judging.js';
import { scoredOf, type Scored } from '../../../../src/tools/evaluate/scored.js';
import { recallAt } from '../../../../src/tools/evaluate/statistics/ranking.js';
import { f1DropIntervals, meanF1Interval } from '../../../../src/tools/evaluate/statistics/resample.js';
import type { LabelSet } from '../../../../src/tools/measure/label-forms.js';
import type { Outcome } from '../../../../src/tools/measure/label-outcomes.js';
import { labelVersion } from '../../../support/label-versions.js';

const names = ['toxic', 'hate', 'insult'];
const task = 'multi-label-classification';
const version = labelVersion({ task, labels: names, thresholds: { hate: 0.2 } });
// The labels of these items are those of the task's form.
const judging = judgedBy(task, (found) => found as unknown as Judging<LabelSet>);
const answer = (...scores: number[]): Scored | null =>
  scoredOf({ value: { scores }, tokens: 3, truncated: false }, version, names);

const [yes, no] = [true, false];
const sets: LabelSet[] = [
  [yes, yes, no],
  [yes, no, null],
  [no, no, null],
  [no, no, null],
  [yes, null, null],
];
const items = sets.map((label, i) => ({ line: i + 1, text: `secret ${String(i)}`, label }));
const candidate = [
  answer(0.9, 0.2, 0.1),
  answer(0.4, 0.19, 0.9),
  answer(0.6, 0.3, 0.9),
  answer(0.1, 0, 0),
  null,
];
const against = [
  answer(0.9, 0.3, 0.1),
  answer(0.8, 0.1, 0.1),
  answer(0.2, 0.1, 0.9),
  answer(0.1, 0, 0),
  answer(0.9, 0.9, 0.9),
];

describe('a version with several labels per text', () => {
  const quality = judging.quality(items, candidate, version, names);

  it('is measured label by label, by its own thresholds, where the data say something', () => {
    expect(quality.labels).toEqual([
      { label: 'toxic', support: 3, precision: 0.5, recall: 1 / 3, f1: 0.4 },
      { label: 'hate', support: 1, precision: 0.5, recall: 1, f1: expect.closeTo(2 / 3, 12) as number },
      { label: 'insult', support: 0, precision: null, recall: null, f1: null },
    ]);
    expect(quality.several?.labels.map(({ threshold, known }) => [threshold, known])).toEqual([
      [0.5, 5],
      [0.2, 4],
      [0.5, 1],
    ]);
    // The mean of the labels that occur, and all of their answers together: 2 hits, 2 false alarms, 2 misses.
    expect(quality.macro_f1).toBeCloseTo((0.4 + 2 / 3) / 2, 12);
    expect(quality.several).toMatchObject({ micro_precision: 0.5, micro_recall: 0.5, micro_f1: 0.5 });
  });

  it('has a text right when each known label is, and a text without an answer never', () => {
    expect(quality).toMatchObject({
      accuracy: { correct: 2, n: 5, accuracy: 0.4 },
      unanswered: 1,
      confusion: null,
    });
  });

  it('has intervals that hold the estimates', () => {
    quality.several?.labels.forEach((one, k) => {
      const { precision, recall, f1 } = quality.labels[k] ?? {};
      const both = [
        [precision, one.precision_interval_95],
        [recall, one.recall_interval_95],
        [f1, one.f1_interval_95],
      ] as const;
      for (const [estimate, [low, high]] of both) {
        if (typeof estimate === 'number') expect(low <= estimate && estimate <= high).toBe(true);
        else expect([low, high]).toEqual([0, 1]);
      }
    });
  });

  it('is compared with another one on the same texts', () => {
    const found = judging.compare({ items, candidate, against, showText: false }, names);
    expect(found).toMatchObject({ lost: 3, won: 0 });
    expect(found.several?.macro_f1_drop_points).toBeCloseTo(100 * (1 - (0.4 + 2 / 3) / 2), 9);
    expect(found.several?.labels.map(({ f1_drop_points: drop }) => drop)).toEqual([
      60,
      expect.closeTo(100 / 3, 9),
      null,
    ]);
    expect(found.disagreements.examples).toEqual([
      { line: 2, label: 'toxic', against: 'toxic', candidate: 'insult' },
      { line: 3, label: 'none', against: 'insult', candidate: 'toxic+hate+insult' },
      { line: 5, label: 'toxic', against: 'toxic+hate+insult', candidate: null },
    ]);
  });

  it('is read in the order of the candidate’s labels, with thresholds of its own', () => {
    const turned = labelVersion({ task, labels: ['insult', 'toxic', 'hate'], thresholds: { insult: 0.1 } });
    const outcome = { value: { scores: [0.2, 0.6, 0.3] }, tokens: 3, truncated: false };
    expect(scoredOf(outcome, turned, names)).toMatchObject({ said: [0, 2], scores: [0.6, 0.3, 0.2] });
  });
});

describe('recall at a rate of false positives', () => {
  const texts = (having: number[], lacking: number[]) => [
    ...having.map((score) => ({ score, has: true })),
    ...lacking.map((score) => ({ score, has: false })),
  ];

  it('lets the share of those without the label pass, and no text more', () => {
    const lacking = Array.from({ length: 100 }, (_, i) => i / 100);
    // One of a hundred may pass: the one with 0.99, and so the threshold lies above 0.98.
    expect(recallAt(texts([0.995, 0.985, 0.98, 0.5], lacking), 0.01)).toMatchObject({
      ...{ recall: 0.5, threshold: 0.985 },
    });
    expect(recallAt(texts([0.995, 0.985], lacking.slice(0, 99)), 0.01)).toMatchObject({ recall: 1 });
    expect(recallAt(texts([0.98], lacking.slice(0, 99)), 0.01)).toMatchObject({ recall: 0, threshold: null });
    expect(recallAt(texts([0.9], []), 0.01)).toBeNull();
    expect(recallAt(texts([], [0.9]), 0.01)).toBeNull();
  });

  it('never counts more than the share, whatever the scores are', () => {
    const scores = fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(scores, scores, fc.constantFrom(0, 0.01, 0.1), (having, lacking, most) => {
        const found = recallAt(texts(having, lacking), most);
        const threshold = found?.threshold ?? Infinity;
        expect(lacking.filter((score) => score >= threshold).length).toBeLessThanOrEqual(
          most * lacking.length,
        );
        expect(found?.recall).toBe(having.filter((score) => score >= threshold).length / having.length);
      }),
    );
  });
});

describe('intervals by resampling', () => {
  const rows = (counts: Partial<Record<Outcome, number>>): Outcome[] =>
    (Object.entries(counts) as [Outcome, number][]).flatMap(([outcome, n]) =>
      new Array<Outcome>(n).fill(outcome),
    );
  const single = (counts: Partial<Record<Outcome, number>>) => rows(counts).map((outcome) => [outcome]);

  it('are those of the share that F1 is made of, and the same in each run', () => {
    // F1 of 80 hits, 10 false alarms and 10 misses is 0.8889; by the delta method its deviation is 0.0247.
    const texts = single({ hit: 80, miss: 10, false_alarm: 10, rest: 900 });
    const [low, high] = meanF1Interval(texts, 1);
    expect(low).toBeGreaterThan(0.82);
    expect(low).toBeLessThan(0.85);
    expect(high).toBeGreaterThan(0.91);
    expect(high).toBeLessThan(0.94);
    expect(meanF1Interval(texts, 1)).toEqual([low, high]);
  });

  it('have a width also where nothing is wrong or nothing differs, the wider the rarer the label', () => {
    const width = ([low, high]: readonly [number, number]): number => high - low;
    expect(width(meanF1Interval(single({ hit: 10, rest: 500 }), 1))).toBeGreaterThan(0.1);
    const same = (hits: number) =>
      single({ hit: hits, rest: 500 }).map((one) => ({ against: one, candidate: one }));
    const [rare, often] = [same(10), same(400)].map((pairs) => f1DropIntervals(pairs, 1).mean);
    expect(rare?.[1]).toBeGreaterThan(0.05);
    expect(often?.[1]).toBeLessThan(0.01);
    expect((rare?.[0] ?? 0) + (rare?.[1] ?? 0)).toBeCloseTo(0, 1);
  });

  it('prove a drop that is there', () => {
    const pairs = [
      ...single({ hit: 150, rest: 500 }).map((one) => ({ against: one, candidate: one })),
      ...Array.from({ length: 50 }, () => ({ against: ['hit'] as const, candidate: ['miss'] as const })),
    ];
    const { mean, labels } = f1DropIntervals(pairs, 1);
    // F1 falls from 1 to 300 / 350.
    expect(mean[0]).toBeGreaterThan(0.09);
    expect(mean[0]).toBeLessThan(1 - 300 / 350);
    expect(mean[1]).toBeGreaterThan(1 - 300 / 350);
    expect(labels).toEqual([mean]);
  });

  it('leave out labels of which nothing is known', () => {
    const pairs = single({ hit: 50, rest: 50 }).map(([one = 'rest']) => ({
      against: [one, 'unknown' as const],
      candidate: [one, 'unknown' as const],
    }));
    expect(f1DropIntervals(pairs, 2).labels[1]).toBeNull();
  });
});
