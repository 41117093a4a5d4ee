import { sigmoid, type LabelTask } from './labels.js';

/** One of two labels per text; the model has one logit, for the second label. */
export const BINARY_CLASSIFICATION: LabelTask = {
  name: 'binary-classification',
  scores: (logits) => {
    const positive = sigmoid(logits[0] ?? 0);
    return [1 - positive, positive];
  },
  isSound: (logits) => !logits.some(Number.isNaN),
};
