import type { LabelTask } from './labels.js';

/** Softmax with the maximum subtracted first, so that no exponential overflows. */
function softmax(logits: Float32Array): number[] {
  let max = -Infinity;
  for (const logit of logits) max = Math.max(max, logit);
  const exps = Array.from(logits, (logit) => Math.exp(logit - max));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
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
