import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POST_PROCESS } from '../../../../src/engine/tasks/post-process.js';

const logits = fc.array(fc.float({ min: -500, max: 500, noNaN: true }), { minLength: 2, maxLength: 6 });

describe('POST_PROCESS', () => {
  it('softmax: scores sum to one, keep the order of the logits, and large logits do not overflow', () => {
    fc.assert(
      fc.property(logits, (values) => {
        const scores = POST_PROCESS['text-classification'].scores(Float32Array.from(values), values.length);
        expect(scores.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
        const byLogit = values.map((logit, i) => ({ logit, score: scores[i] ?? NaN }));
        byLogit.sort((a, b) => a.logit - b.logit || a.score - b.score);
        byLogit.forEach(({ score }, i) => {
          expect(score).toBeGreaterThanOrEqual(byLogit[i - 1]?.score ?? 0);
        });
      }),
    );
  });

  it('softmax: the value of a known pair', () => {
    const [first, second] = POST_PROCESS['text-classification'].scores(Float32Array.of(0, Math.log(3)), 2);
    expect(first).toBeCloseTo(0.25, 6);
    expect(second).toBeCloseTo(0.75, 6);
  });

  it('multi label: each score is the sigmoid of its own logit', () => {
    const scores = POST_PROCESS['multi-label-classification'].scores(Float32Array.of(0, 500, -500), 3);
    expect(scores).toEqual([0.5, 1, expect.closeTo(0, 9)]);
  });

  it('binary: one logit speaks for the second label', () => {
    const { logitsPerRow, scores } = POST_PROCESS['binary-classification'];
    expect(logitsPerRow(2)).toBe(1);
    expect(scores(Float32Array.of(Math.log(4)), 2)).toEqual([expect.closeTo(0.2, 6), expect.closeTo(0.8, 6)]);
  });
});
