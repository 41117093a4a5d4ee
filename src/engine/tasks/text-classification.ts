import type { LabelTask } from './labels.js';

/** Softmax with the maximum subtracted first, so that no exponential overflows. Plain loops: each answer pays for it. */
function softmax(logits: Float32Array): number[] {
  const { length } = logits;
  let max = -Infinity;
  for (let i = 0; i < length; i++) max = Math.max(max, logits[i] ?? NaN);
  const scores = new Array<number>(length);
  let sum = 0;
  for (let i = 0; i < length; i++) sum += scores[i] = Math.exp((logits[i] ?? NaN) - max);
  for (let i = 0; i < length; i++) scores[i] = (scores[i] ?? NaN) / sum;
  return scores;
}

/** Exactly one label per text. */
export const TEXT_CLASSIFICATION: LabelTask = {
  name: 'text-classification',
  scores: softmax,
  isSound: (logits) => {
    let max = -Infinity;
    for (const logit of logits) max = Math.max(max, logit);
    return Number.isFinite(max);
  },
};
