import { sigmoid, type LabelTask } from './labels.js';

/** Any number of the labels per text. */
export const MULTI_LABEL_CLASSIFICATION: LabelTask = {
  name: 'multi-label-classification',
  scores: (logits) => Array.from(logits, sigmoid),
  isSound: (logits) => !logits.some(Number.isNaN),
};
