import { describe, expect, it } from 'vitest';
import {
  decide,
  type Evidence,
  LEAST_TEXTS,
  WIDEST_DROP_POINTS,
} from '../../../../src/tools/evaluate/decision.js';
import type { Comparison } from '../../../../src/tools/evaluate/version-figures.js';
import { judgedBy, type Judging } from '../../../../src/tools/evaluate/judging.js';
import { qualityOf } from '../../../../src/tools/evaluate/quality.js';
import { scoredOf } from '../../../../src/tools/evaluate/scored.js';
import { labelVersion } from '../../../support/label-versions.js';

const variation = (flips: number) => ({ texts: 100, label_flips: flips, max_score_change: flips / 50 });
const variance = (mixed: number, padded: number) => ({
  mixed: variation(mixed),
  padded: variation(padded),
  label_flips: mixed + padded,
  max_score_change: Math.max(mixed, padded) / 50,
});
const good: Evidence = {
  accuracy: { correct: 90, n: 100, accuracy: 0.9, interval_95: [0.83, 0.94] },
  macro_f1: 0.7,
  several: null,
  unanswered: 0,
  batch_variance: variance(0, 0),
  runs_alone: false,
  parity: {
    texts: 9,
    tokenized_differently: 0,
    label_flips: 0,
    max_score_difference: 0.001,
    tolerance: 0.001,
  },
};
const drop = (points: number): Comparison => ({
  accuracy_drop_points: points,
  interval_95_points: [points - 1, points + 1],
  lost: 0,
  won: 0,
  mcnemar_p: 1,
  disagreements: { texts: 0, directions: [], examples: [] },
  score_shift: { mean: 0, max: 0 },
  several: null,
});
const limits = {
  max_accuracy_drop_points: 0.5,
  min_accuracy: null,
  confident: false,
  max_batch_label_flips: 0,
};

const ENOUGH = { distinctTexts: 200, force: false };

describe('a version', () => {
  it.each([
    ['the limit itself', 0.5, {}, true],
    ['just above it', 0.51, {}, false],
    ['a gain', -3, {}, true],
    ['a gain where a larger one is demanded', -3, { max_accuracy_drop_points: -5 }, false],
    ['the gain that is demanded', -5, { max_accuracy_drop_points: -5 }, true],
    ['an interval that ends above the limit', 0, { confident: true }, false],
    ['an interval that ends below it', -0.6, { confident: true }, true],
    ['a rounding error', 0.5 + 1e-13, {}, true],
  ])('is judged by its drop: %s', (_, points, changes, accepted) => {
    const decision = decide(good, drop(points), { ...limits, ...changes }, ENOUGH);
    expect(decision).toMatchObject({ accepted, runs: 'batched' });
    expect(decision.reasons.length).toBe(accepted ? 0 : 1);
  });

  it('with several labels per text is judged by its macro-F1, and not by the texts that are right', () => {
    const several = { macro_f1_interval_95: [0.6, 0.8] } as unknown as Evidence['several'];
    const candidate = { ...good, macro_f1: 0.7, several };
    const comparison = (points: number, high: number): Comparison => ({
      ...drop(9),
      several: { macro_f1_drop_points: points, interval_95_points: [-1, high], labels: [] },
    });
    const both = { ...limits, min_accuracy: 0.65, max_drop_upper_points: 2 };
    expect(decide(candidate, comparison(0.5, 2), both, ENOUGH)).toMatchObject({ accepted: true });
    expect(decide(candidate, comparison(0.6, 2.1), { ...both, min_accuracy: 0.71 }, ENOUGH)).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ check: 'macro_f1_drop', state: 'fail' }),
        expect.objectContaining({ check: 'macro_f1', state: 'fail' }),
      ]) as unknown,
      reasons: [
        "the upper end of the drop's 95 % interval is 2.10 points; at most 2.00 is allowed",
        'macro-F1 drops by 0.60 points (95 % interval of the drop -1.00 to 2.10); a drop of at most 0.50 is allowed',
        'macro-F1 is 70.00 % (95 % interval 60.00 % to 80.00 %); at least 71.00 % is demanded',
      ],
    });
    expect(decide(candidate, null, { ...both, confident: true }, ENOUGH).accepted).toBe(false);
  });

  it('is judged by its accuracy where there is nothing to compare with', () => {
    const alone = { ...limits, max_accuracy_drop_points: null };
    const judge = (least: number, confident = false): boolean =>
      decide(good, null, { ...alone, min_accuracy: least, confident }, ENOUGH).accepted;
    expect([judge(0.9), judge(0.91), judge(0.84, true), judge(0.83, true)]).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(decide(good, null, alone, ENOUGH)).toMatchObject({ accepted: true });
  });

  const evidence = { ...limits, min_distinct_texts: LEAST_TEXTS, max_drop_upper_points: WIDEST_DROP_POINTS };
  const wide = { ...drop(0.2), interval_95_points: [-1.61, 2.01] } as const;
  const narrow = { ...drop(0.2), interval_95_points: [-1.6, 2] } as const;
  const TOO_FEW = /^199 distinct texts; at least 200 are demanded$/;
  const TOO_WIDE = /^the upper end of the drop's 95 % interval is 2\.01 points; at most 2\.00 is allowed$/;

  it.each([
    ['enough texts and a narrow interval', 200, narrow, []],
    ['too few texts', 199, narrow, [TOO_FEW]],
    ['a drop that may be large', 200, wide, [TOO_WIDE]],
    ['neither', 199, wide, [TOO_FEW, TOO_WIDE]],
  ])('needs evidence: %s', (_, distinctTexts, comparison, lacks) => {
    const found = lacks.map((sentence) => expect.stringMatching(sentence) as string);
    expect(decide(good, comparison, evidence, { distinctTexts, force: false })).toMatchObject({
      ...{ accepted: lacks.length === 0, reasons: found, forced: [] },
    });
    expect(decide(good, comparison, evidence, { distinctTexts, force: true })).toMatchObject({
      ...{ accepted: true, reasons: [], forced: found },
    });
  });

  it('needs texts, too, where there is nothing to compare with', () => {
    const alone = { ...evidence, max_accuracy_drop_points: null, max_drop_upper_points: null };
    expect(decide(good, null, alone, { distinctTexts: 2, force: false }).reasons).toEqual([
      '2 distinct texts; at least 200 are demanded',
    ]);
  });

  it('is refused for what it does wrong, whatever is forced', () => {
    const decision = decide(good, drop(0.6), evidence, { distinctTexts: 2, force: true });
    expect(decision).toMatchObject({
      accepted: false,
      reasons: [expect.stringMatching(/^accuracy drops by 0\.60 points/) as string],
      forced: ['2 distinct texts; at least 200 are demanded'],
    });
  });

  it.each([
    ['a text without an answer', { unanswered: 1 }, /1 of 100 texts have no answer/],
    ['other tokens', { parity: { ...good.parity, tokenized_differently: 1 } }, /1 have other tokens/],
    ['another label', { parity: { ...good.parity, label_flips: 2 } }, /2 another label here/],
    [
      'another score',
      { parity: { ...good.parity, max_score_difference: 0.0011 } },
      /at most 1\.1e-3 \(allowed 0\.001\)/,
    ],
    ['mates that flip a label', { batch_variance: variance(1, 0) }, /1 label flips .*batching\.runs_alone/],
    ['padding that flips labels', { batch_variance: variance(0, 2) }, /2 labels flip/],
  ])('is refused for %s', (_, changes, reason) => {
    const decision = decide({ ...good, ...changes } as Evidence, drop(0), limits, ENOUGH);
    expect(decision.accepted).toBe(false);
    expect(decision.reasons).toEqual([expect.stringMatching(reason)]);
  });

  it('may depend on its batch when it runs alone, which is said', () => {
    const decision = decide(
      { ...good, batch_variance: variance(14, 0), runs_alone: true },
      drop(0),
      limits,
      ENOUGH,
    );
    expect(decision).toMatchObject({ accepted: true, runs: 'alone' });
    expect(decision.checks.find(({ check }) => check === 'batch_variance')?.sentence).toMatch(
      /14 labels flip .*its manifest makes it run alone/,
    );
  });

  it('is not held to golden texts that it does not have', () => {
    const decision = decide({ ...good, parity: null }, drop(0), limits, ENOUGH);
    expect(decision.accepted).toBe(true);
    expect(decision.checks).toContainEqual({
      check: 'parity',
      state: 'not_checked',
      sentence: expect.any(String) as string,
    });
  });
});

describe('the answers of two versions', () => {
  const names = ['NEGATIVE', 'POSITIVE'];
  const items = [0, 0, 1, 1, 1].map((label, i) => ({ line: i + 2, text: `secret ${String(i)}`, label }));
  const row = (negative: number) => ({
    value: { scores: [negative, 1 - negative] },
    tokens: 3,
    truncated: false,
  });
  const version = labelVersion({ labels: names });
  const answers = (all: number[]) => all.map((score) => scoredOf(row(score), version, names));
  const failed = scoredOf({ code: 'INFERENCE_FAILED', message: 'no' }, version, names);
  const against = answers([0.9, 0.2, 0.3, 0.1, 0.1]);
  const candidate = [...answers([0.8, 0.6, 0.7, 0.1]), failed];

  const compare = (showText: boolean) =>
    judgedBy('text-classification', (judging) =>
      // The labels of these items are those of the task's form.
      (judging as Judging<unknown>).compare({ items, candidate, against, showText }, names),
    );

  it('are compared text by text', () => {
    const found = compare(false);
    expect(found).toMatchObject({ lost: 2, won: 1, mcnemar_p: 1 });
    expect(found.accuracy_drop_points).toBeCloseTo(20, 10);
    expect(found.score_shift.max).toBeCloseTo(0.4, 12);
    expect(found.score_shift.mean).toBeCloseTo((0.1 + 0.4 + 0.4 + 0) / 4, 12);
    expect(found.disagreements.directions).toEqual([
      { against: 'POSITIVE', candidate: 'NEGATIVE', texts: 2 },
      { against: 'POSITIVE', candidate: null, texts: 1 },
    ]);
    expect(found.disagreements.examples.map(({ line }) => line)).toEqual([3, 4, 6]);
    expect(JSON.stringify(found)).not.toContain('secret');
    const shown = compare(true);
    expect(shown.disagreements.examples[0]?.text).toBe('secret 1');
  });

  it('count an answer that is missing as wrong', () => {
    expect(qualityOf(items, candidate, names)).toMatchObject({
      accuracy: { correct: 3, n: 5, accuracy: 0.6 },
      unanswered: 1,
      confusion: [
        [2, 0],
        [1, 1],
      ],
    });
  });

  it('are put into the order of the candidate’s labels', () => {
    const turned = scoredOf(row(0.9), labelVersion({ labels: ['POSITIVE', 'NEGATIVE'] }), names);
    expect(turned).toMatchObject({ said: [1], scores: [expect.closeTo(0.1, 12), 0.9] });
  });
});
