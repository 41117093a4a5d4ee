import { seededRandom, shuffled } from '../../src/base/seeded-random.js';
import { SEED } from '../base/plan.js';
import type { LabelledSentence } from './labelled-sentences.js';
import { MIXED_ROWS } from './plan.js';

/** Accuracy and batch variance of one model. */
export interface Answers {
  /** Sentences that get their label, each alone. */
  readonly correct: number;
  readonly n: number;
  /** Sentences that get another label in batches of {@link MIXED_ROWS} random ones. */
  readonly flips: number;
  /** Largest |Δ| of a label's score between the two. */
  readonly maxScoreChange: number;
}

type Logits = readonly (readonly number[])[];

/** Batches of random mates, as a queue without any order would form. */
export function mixedBatches(count: number): number[][] {
  const order = shuffled([...Array(count).keys()], seededRandom(SEED));
  return Array.from({ length: Math.ceil(count / MIXED_ROWS) }, (_, i) =>
    order.slice(i * MIXED_ROWS, (i + 1) * MIXED_ROWS),
  );
}

export function judgeAnswers(sentences: readonly LabelledSentence[], alone: Logits, mixed: Logits): Answers {
  let [correct, flips, maxScoreChange] = [0, 0, 0];
  sentences.forEach(({ label }, i) => {
    const [scores, beside] = [softmax(alone[i] ?? []), softmax(mixed[i] ?? [])];
    if (best(scores) === label) correct++;
    if (best(scores) !== best(beside)) flips++;
    scores.forEach((score, k) => {
      maxScoreChange = Math.max(maxScoreChange, Math.abs(score - (beside[k] ?? 0)));
    });
  });
  return { correct, n: sentences.length, flips, maxScoreChange };
}

function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

const best = (scores: readonly number[]): number => scores.indexOf(Math.max(...scores));
