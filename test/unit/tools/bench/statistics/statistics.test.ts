import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pairedDifference,
  welchDifference,
  holm,
} from '../../../../../src/tools/bench/statistics/difference.js';
import { studentP, studentQuantile } from '../../../../../src/tools/bench/statistics/student.js';
import { seededRandom } from '../../../../../src/base/seeded-random.js';

describe("Student's distribution", () => {
  it.each([
    [0.95, 1, 12.7062],
    [0.95, 5, 2.570582],
    [0.99, 5, 4.032143],
    [0.95, 30, 2.042272],
    [0.95, 2.5, 3.574655],
    [0.95, 1e6, 1.959966],
  ])('holds %d within %d degrees at %d, as the tables say', (level, degrees, t) => {
    expect(studentQuantile(level, degrees)).toBeCloseTo(t, 4);
  });

  it('is the arcus tangens with one degree of freedom', () => {
    for (const t of [0, 0.1, 1, 3, 50]) {
      expect(studentP(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 12);
    }
  });

  it('knows no sign, and falls with the distance', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 40, noNaN: true }),
        fc.double({ min: 0.01, max: 5, noNaN: true }),
        fc.integer({ min: 1, max: 200 }),
        (t, more, degrees) => {
          expect(studentP(-t, degrees)).toBe(studentP(t, degrees));
          expect(studentP(t + more, degrees)).toBeLessThan(studentP(t, degrees));
        },
      ),
    );
  });
});

/** Normal deviates by Box and Muller. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const ROUNDS = 6;
const RUNS = 2000;

/** Rounds whose speed drifts together, each with noise of its own. */
function runOf(random: () => number, shift: number, noise: number): { a: number[]; b: number[] } {
  const drift = Array.from({ length: ROUNDS }, () => Math.exp(0.2 * normal(random)));
  const measured = (factor: number): number[] =>
    drift.map((speed) => 300 * factor * speed * Math.exp(noise * normal(random)));
  return { a: measured(1), b: measured(shift) };
}

describe('two services that take turns', () => {
  it('do not differ in 95 % of the runs when they are the same, however much the machine drifts', () => {
    const random = seededRandom(1);
    let found = 0;
    for (let run = 0; run < RUNS; run++) {
      const { a, b } = runOf(random, 1, 0.05);
      const difference = pairedDifference(a, b);
      if ((difference?.p ?? 1) < 0.05) found++;
      // The interval and the test say the same.
      const isOutside = (difference?.low ?? 1) > 1 || (difference?.high ?? 1) < 1;
      expect(isOutside).toBe((difference?.p ?? 1) < 0.05);
    }
    // Three standard errors of 5 % in 2,000 runs are 1.5 %.
    expect(found / RUNS).toBeGreaterThan(0.035);
    expect(found / RUNS).toBeLessThan(0.065);
  });

  it('differ when one is 20 % slower, although rounds differ as much', () => {
    const random = seededRandom(2);
    let found = 0;
    for (let run = 0; run < RUNS; run++) {
      const { a, b } = runOf(random, 1.2, 0.05);
      const difference = pairedDifference(a, b);
      if ((difference?.p ?? 1) < 0.05 && (difference?.ratio ?? 0) > 1) found++;
    }
    expect(found / RUNS).toBeGreaterThan(0.95);
  });

  it('say the opposite the other way round, and the same in any unit', () => {
    const rounds = fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(rounds, fc.double({ min: 0.01, max: 100, noNaN: true }), fc.nat(), (a, unit, seed) => {
        const random = seededRandom(seed);
        const b = a.map((value) => value * (0.5 + random()));
        const [there, back] = [pairedDifference(a, b), pairedDifference(b, a)];
        if (there === null || back === null) throw new Error('two rounds are enough');
        expect(back.ratio * there.ratio).toBeCloseTo(1, 9);
        expect(back.p).toBeCloseTo(there.p, 9);
        const scaled = pairedDifference(
          a.map((value) => unit * value),
          b.map((value) => unit * value),
        );
        expect(scaled?.ratio).toBeCloseTo(there.ratio, 9);
        expect(there.low).toBeLessThanOrEqual(there.ratio);
        expect(there.high).toBeGreaterThanOrEqual(there.ratio);
      }),
    );
  });

  it('need two rounds, as many of both', () => {
    expect(pairedDifference([1], [2])).toBeNull();
    expect(() => pairedDifference([1, 2], [2])).toThrow('2 rounds cannot be paired with 1');
  });

  it('that never vary differ by just that', () => {
    expect(pairedDifference([2, 2], [2, 2])).toEqual({ ratio: 1, low: 1, high: 1, p: 1 });
    expect(pairedDifference([2, 2], [3, 3])).toMatchObject({ p: 0 });
  });
});

describe('two runs', () => {
  it('do not differ in 95 % of the cases when they are the same, also when one is noisier and longer', () => {
    const random = seededRandom(3);
    const sample = (n: number, noise: number): number[] =>
      Array.from({ length: n }, () => 20 * Math.exp(noise * normal(random)));
    let found = 0;
    for (let run = 0; run < RUNS; run++) {
      if ((welchDifference(sample(6, 0.02), sample(10, 0.1))?.p ?? 1) < 0.05) found++;
    }
    expect(found / RUNS).toBeGreaterThan(0.035);
    expect(found / RUNS).toBeLessThan(0.065);
  });

  it("is Welch's test on logarithms", () => {
    // Computed apart, by integrating the density of Student's distribution: t = -3.2963, 4.1272 degrees.
    const difference = welchDifference([14, 13, 17], [11, 9, 10, 12]);
    expect(difference?.ratio).toBeCloseTo(Math.exp(Math.log(11880) / 4 - Math.log(3094) / 3), 9);
    expect(difference?.p).toBeCloseTo(0.0286727, 6);
  });
});

describe('many questions at once', () => {
  it("are adjusted as in Holm's paper: the least by all, the next by the rest, never falling", () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02]);
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('find something in at most 5 % of the families where there is nothing', () => {
    const random = seededRandom(4);
    let found = 0;
    for (let run = 0; run < RUNS; run++) {
      const ps = Array.from({ length: 15 }, random);
      if (holm(ps).some((p) => p < 0.05)) found++;
    }
    expect(found / RUNS).toBeLessThan(0.065);
    expect(found / RUNS).toBeGreaterThan(0.03);
  });
});
