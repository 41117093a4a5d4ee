import type { Judged } from './judge.js';
import type { GateEvidence, GateSettings, StepInfo } from './types.js';
import type { Samples } from '../verdict-pace.js';
import { isUnjudged } from './unjudged.js';
import { figure, wholeNumber } from './wording.js';

/** Repeats per distinct text above which the row mentions that the traffic has few distinct texts. */
const FEW_TEXTS = 20;

/** The samples that a verdict waits for. */
export const samplesOf = (
  { total, step }: Pick<GateEvidence, 'total' | 'step'>,
  { shadow }: Pick<StepInfo, 'shadow'>,
): Samples => ({
  pairs: total.pairs.pairs,
  answers: shadow ? step.pairs.trafficPairs : step.canary.requests,
});

/**
 * Whether there are enough samples: distinct texts in the whole rollout (all distinct texts of a service may already
 * occur in the first step), and in this step the canary's answers to users; in shadow mode, compared pairs of any
 * texts. A step without any pair is not enough, however many pairs the steps before it had.
 */
export function minimumSamples(
  evidence: GateEvidence,
  { minimumSamples: limit }: GateSettings,
  info: StepInfo,
): Judged {
  const { total, step, saturated } = evidence;
  const { pairs: texts, answers: served } = samplesOf(evidence, info);
  const repeats = total.pairs.trafficPairs;
  const observed = Math.min(texts, served);
  const unjudged = isUnjudged([step]);
  const state = observed >= limit && !unjudged ? 'pass' : 'not_enough_data';
  const servedWords = info.shadow
    ? 'compared answers in this step'
    : 'requests answered by the canary in this step';
  const remark = unjudged
    ? ' None of the answers in this step was compared.'
    : saturated
      ? ' The set of seen texts is full: no text counts as new any more.'
      : texts < limit && repeats > FEW_TEXTS * Math.max(texts, limit)
        ? ' The traffic repeats itself: with so few distinct texts, lower the minimum or promote by hand.'
        : '';
  return {
    state,
    blocks: state !== 'pass',
    row: () => ({
      gate: 'minimum_samples',
      state,
      unit: 'samples',
      observed,
      limit,
      lower: null,
      upper: null,
      n: observed,
      sentence: `${wholeNumber(texts)} distinct texts compared, ${wholeNumber(served)} ${servedWords}; ${wholeNumber(limit)} of each are needed.${remark}`,
    }),
  };
}

/** Whether the step has been held for as long as the plan says. */
export function holdTime({ elapsedMs, holdMs }: StepInfo): Judged {
  const state = elapsedMs >= holdMs ? 'pass' : 'open';
  return {
    state,
    blocks: state !== 'pass',
    row: () => ({
      gate: 'hold_time',
      state,
      unit: 'ms',
      observed: elapsedMs,
      limit: holdMs,
      lower: null,
      upper: null,
      n: 0,
      sentence: `${figure(elapsedMs, 'ms')} of ${figure(holdMs, 'ms')} in this step.`,
    }),
  };
}
