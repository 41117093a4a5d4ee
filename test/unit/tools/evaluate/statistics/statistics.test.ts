import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  brierScore,
  calibrationBins,
  expectedCalibrationError,
} from '../../../../../src/tools/evaluate/statistics/calibration.js';
import {
  confusionMatrix,
  labelFigures,
  macroF1,
} from '../../../../../src/tools/evaluate/statistics/classification.js';
import { accuracyDrop, dropInterval, mcnemarP } from '../../../../../src/tools/evaluate/statistics/paired.js';
import { wilsonInterval } from '../../../../../src/tools/evaluate/statistics/proportion.js';

const counts = fc
  .record({ lost: fc.nat(300), won: fc.nat(300), same: fc.integer({ min: 1, max: 2000 }) })
  .map(({ lost, won, same }) => ({ lost, won, n: lost + won + same }));

describe("Wilson's interval", () => {
  it.each([
    // Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %i of %i is as published', (k, n, low, high) => {
    expect(wilsonInterval(k, n)).toEqual([expect.closeTo(low, 4), expect.closeTo(high, 4)]);
  });

  it('holds the estimate, stays within 0 and 1, and mirrors', () => {
    const cases = fc.integer({ min: 1, max: 5000 }).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
    fc.assert(
      fc.property(cases, ([k, n]) => {
        const [low, high] = wilsonInterval(k, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low <= k / n && k / n <= high).toBe(true);
        const [mirroredLow] = wilsonInterval(n - k, n);
        expect(mirroredLow).toBeCloseTo(1 - high, 12);
      }),
    );
  });

  it('says nothing about nothing', () => {
    expect(wilsonInterval(0, 0)).toEqual([0, 1]);
  });
});

describe("McNemar's test", () => {
  it.each([
    [8, 4, (2 * (1 + 12 + 66 + 220 + 495)) / 4096],
    [0, 10, 2 / 1024],
    [3, 3, 1],
    [0, 0, 1],
    [1, 0, 1],
  ])('of %i and %i is the binomial tail, twice', (lost, won, p) => {
    expect(mcnemarP({ lost, won })).toBeCloseTo(p, 12);
  });

  it('is symmetric, a probability, and finite for thousands of pairs', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(5000), (lost, won) => {
        const p = mcnemarP({ lost, won });
        expect(p).toBe(mcnemarP({ lost: won, won: lost }));
        expect(p >= 0 && p <= 1).toBe(true);
      }),
    );
    expect(mcnemarP({ lost: 2000, won: 2000 })).toBe(1);
    expect(mcnemarP({ lost: 1080, won: 920 })).toBeCloseTo(0.000377, 5);
  });
});

describe('the interval of the drop', () => {
  it('is that of Bonett and Price', () => {
    const [low, high] = dropInterval({ n: 872, lost: 8, won: 4 });
    expect(100 * low).toBeCloseTo(-0.3809, 3);
    expect(100 * high).toBeCloseTo(1.2962, 3);
  });

  it('turns round with the sides, and narrows with more texts', () => {
    fc.assert(
      fc.property(counts, ({ n, lost, won }) => {
        const [low, high] = dropInterval({ n, lost, won });
        const [otherLow, otherHigh] = dropInterval({ n, lost: won, won: lost });
        expect(low).toBeCloseTo(-otherHigh, 12);
        expect(high).toBeCloseTo(-otherLow, 12);
        const [l2, h2] = dropInterval({ n: 4 * n, lost: 4 * lost, won: 4 * won });
        expect(h2 - l2).toBeLessThan(high - low);
        expect(accuracyDrop({ n, lost, won })).toBeCloseTo((lost - won) / n, 12);
      }),
    );
  });

  it('holds the truth in 95 of 100 samples', () => {
    // Every outcome of 60 pairs, of which 10 % are lost and 5 % won, with its probability.
    const [n, down, up] = [60, 0.1, 0.05];
    const logFactorial = (k: number): number =>
      Array.from({ length: k }, (_, i) => Math.log(i + 1)).reduce((a, b) => a + b, 0);
    let covered = 0;
    for (let lost = 0; lost <= n; lost++) {
      for (let won = 0; lost + won <= n; won++) {
        const rest = n - lost - won;
        const logP =
          logFactorial(n) -
          logFactorial(lost) -
          logFactorial(won) -
          logFactorial(rest) +
          lost * Math.log(down) +
          won * Math.log(up) +
          rest * Math.log(1 - down - up);
        const [low, high] = dropInterval({ n, lost, won });
        if (low <= down - up && down - up <= high) covered += Math.exp(logP);
      }
    }
    expect(covered).toBeGreaterThan(0.94);
    expect(covered).toBeLessThan(0.99);
  });
});

describe('what a classifier is judged by', () => {
  it('counts labels against answers, and leaves out what has no answer', () => {
    const matrix = confusionMatrix([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, null, 0], 2);
    expect(matrix).toEqual([
      [2, 1],
      [1, 1],
    ]);
    const figures = labelFigures(matrix);
    expect(figures[0]).toEqual({ support: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 });
    expect(figures[1]).toEqual({ support: 2, precision: 1 / 2, recall: 1 / 2, f1: 1 / 2 });
    expect(macroF1(figures)).toBeCloseTo(7 / 12, 12);
  });

  it('has no precision for a label that is never answered, and no F1 for one that never occurs', () => {
    const figures = labelFigures(confusionMatrix([0, 1], [0, 0], 3));
    expect(figures[1]).toEqual({ support: 1, precision: null, recall: 0, f1: 0 });
    expect(figures[2]).toEqual({ support: 0, precision: null, recall: null, f1: null });
    expect(macroF1(figures)).toBeCloseTo((2 / 3 + 0) / 2, 12);
  });

  it('has an F1 that is the harmonic mean of precision and recall', () => {
    const cell = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(fc.tuple(cell, cell), fc.tuple(cell, cell), (a, b) => {
        for (const { precision, recall, f1 } of labelFigures([a, b])) {
          expect(f1).toBeCloseTo(2 / (1 / (precision ?? 0) + 1 / (recall ?? 0)), 10);
        }
      }),
    );
  });
});

describe('calibration', () => {
  const answer = (score: number, isRight: boolean) => ({ score, isRight });

  it('is the distance of confidence and accuracy in bins of equal mass', () => {
    const answers = [answer(0.9, true), answer(0.6, false), answer(0.8, true), answer(0.5, true)];
    const bins = calibrationBins(answers, 2);
    expect(bins).toMatchObject([
      { texts: 2, confidence: expect.closeTo(0.55, 12) as number, accuracy: 0.5 },
      { texts: 2, confidence: expect.closeTo(0.85, 12) as number, accuracy: 1 },
    ]);
    expect(expectedCalibrationError(bins)).toBeCloseTo((0.05 + 0.15) / 2, 12);
  });

  it('puts every answer into one bin, as many into each as into any other', () => {
    const answers = fc.array(
      fc.record({ score: fc.double({ min: 0, max: 1, noNaN: true }), isRight: fc.boolean() }),
    );
    fc.assert(
      fc.property(answers, fc.integer({ min: 1, max: 20 }), (all, wanted) => {
        const sizes = calibrationBins(all, wanted).map(({ texts }) => texts);
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(all.length);
        if (sizes.length > 0) expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(sizes.includes(0)).toBe(false);
      }),
    );
  });

  it('has a Brier score of 0 for a prophet, 2 for a liar, and 0.5 for a coin', () => {
    expect(brierScore([[1, 0]], [0])).toBe(0);
    expect(brierScore([[1, 0]], [1])).toBe(2);
    expect(
      brierScore(
        [
          [0.5, 0.5],
          [0.5, 0.5],
        ],
        [0, 1],
      ),
    ).toBe(0.5);
  });
});
