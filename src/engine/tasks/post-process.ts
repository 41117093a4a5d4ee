import type { Task } from '../../registry/manifest.js';

/** Turns the logits of one row into one score per label. */
type PostProcess = (logits: Float32Array, labels: number) => number[];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Softmax with the maximum subtracted first, so that no exponential overflows. */
function softmax(logits: Float32Array): number[] {
  let max = -Infinity;
  for (const logit of logits) max = Math.max(max, logit);
  const exps = Array.from(logits, (logit) => Math.exp(logit - max));
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => e / sum);
}

/** One entry per task of the manifest. `logitsPerRow` is what the graph must answer for a number of labels. */
export const POST_PROCESS: Readonly<
  Record<Task, { readonly logitsPerRow: (labels: number) => number; readonly scores: PostProcess }>
> = {
  'text-classification': { logitsPerRow: (labels) => labels, scores: (logits) => softmax(logits) },
  'multi-label-classification': {
    logitsPerRow: (labels) => labels,
    scores: (logits) => Array.from(logits, sigmoid),
  },
  /** One logit for the second of two labels. */
  'binary-classification': {
    logitsPerRow: () => 1,
    scores: (logits) => {
      const positive = sigmoid(logits[0] ?? 0);
      return [1 - positive, positive];
    },
  },
};
