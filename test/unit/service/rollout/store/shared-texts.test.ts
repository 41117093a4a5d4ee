import { describe, expect, it } from 'vitest';
import { noEvidence } from '../../../../../src/rollout/evidence/counts.js';
import { type DistinctTexts, RolloutEvidence } from '../../../../../src/rollout/evidence/rollout-evidence.js';
import { textHash } from '../../../../../src/rollout/evidence/seen-texts.js';
import {
  BITS_PER_TEXT,
  FILTER_BITS,
} from '../../../../../src/service/rollout/store/shared-evidence-scripts.js';
import { bitsOf } from '../../../../../src/service/rollout/store/shared-texts.js';
import { pairOf } from '../../../../support/label-versions.js';

class LateAnswers implements DistinctTexts {
  readonly questions: ((isNew: boolean) => void)[] = [];
  ask(_hash: bigint, answer: (isNew: boolean) => void): void {
    this.questions.push(answer);
  }
}

const POSITIVE = { label: 1, score: 0.9 };
const NEGATIVE = { label: 0, score: 0.8 };

describe('the bits of a text', () => {
  it('are as many as there should be, all different, all within the filter', () => {
    for (let i = 0; i < 2_000; i++) {
      const bits = bitsOf(textHash(`text ${i}`)).map(Number);
      expect(new Set(bits).size).toBe(BITS_PER_TEXT);
      expect(Math.min(...bits)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...bits)).toBeLessThan(FILTER_BITS);
    }
  });

  it('take a new text for a counted one as seldom as a Bloom filter of this size should', () => {
    // A filter 256 times smaller, as full as the real one is after 2^20 texts: (1 − e^(−1/2))^8 = 5.7e-4.
    const small = FILTER_BITS / 256;
    const bits = (i: number): number[] => bitsOf(textHash(`text ${i}`)).map((bit) => Number(bit) % small);
    const filter = new Uint8Array(small);
    for (let i = 0; i < 4096; i++) for (const bit of bits(i)) filter[bit] = 1;
    let wrong = 0;
    for (let i = 4096; i < 44_096; i++) if (bits(i).every((bit) => filter[bit] === 1)) wrong++;
    expect(wrong).toBeGreaterThan(5);
    expect(wrong).toBeLessThan(60);
  });
});

describe('a pair of a text that others may have counted', () => {
  it('counts once the answer is there, in the step in which it was seen', () => {
    const evidence = new RolloutEvidence(1, false);
    const texts = new LateAnswers();
    evidence.shareTexts(texts);
    evidence.addPair('a film', pairOf(NEGATIVE, POSITIVE));
    expect(evidence.windows(1).total).toEqual(noEvidence());
    evidence.enterStep(2);
    texts.questions[0]?.(true);
    expect(evidence.windows(1).step.pairs).toMatchObject({ pairs: 1, disagreements: 1, trafficPairs: 1 });
    expect(evidence.windows(2).step).toEqual(noEvidence());
    expect(evidence.toDocument().examples).toHaveLength(1);
  });

  it('counts as traffic alone when another replica has counted it', () => {
    const evidence = new RolloutEvidence(1, false);
    const texts = new LateAnswers();
    evidence.shareTexts(texts);
    evidence.addPair('a film', pairOf(NEGATIVE, POSITIVE));
    texts.questions[0]?.(false);
    expect(evidence.windows(1).total.pairs).toMatchObject({ pairs: 0, disagreements: 0, trafficPairs: 1 });
    expect(evidence.toDocument().examples).toEqual([]);
  });

  it('is asked about once, and is gone with all the rest when the evidence begins anew', () => {
    const evidence = new RolloutEvidence(3, false);
    const texts = new LateAnswers();
    evidence.shareTexts(texts);
    evidence.addPair('a film', pairOf(POSITIVE, POSITIVE));
    evidence.addPair('a film', pairOf(POSITIVE, POSITIVE));
    expect(texts.questions).toHaveLength(1);
    evidence.forget();
    texts.questions[0]?.(true);
    expect(evidence.windows(3).total).toEqual(noEvidence());
    evidence.addPair('a film', pairOf(POSITIVE, POSITIVE));
    expect(texts.questions).toHaveLength(2);
  });
});
