import { kernelFacts } from '../../base/machine/run-facts.js';
import type { Manifest } from '../../registry/manifest.js';
import type { Trial } from './trial.js';

/** The draft, with what the trial found. Accuracy is not in it: nobody measured it. */
export function finishManifest(
  draft: Manifest,
  { variance, varies, maxPaddedTokens, parity }: Trial,
): Manifest {
  return {
    ...draft,
    batching: { max_padded_tokens: maxPaddedTokens, runs_alone: varies },
    checked_on: [
      {
        ...kernelFacts(),
        parity_texts: parity.texts,
        max_score_difference: parity.maxScoreDifference,
        label_flips: parity.labelFlips,
      },
    ],
    batch_variance: {
      n: variance.mixed.texts,
      batch_size: 16,
      label_flips: variance.label_flips,
      max_score_change: variance.max_score_change,
    },
  };
}
