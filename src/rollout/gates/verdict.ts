import type { Judged } from './judge.js';
import { holdTime, minimumSamples } from './progress.js';
import { judgeStatistics } from './statistical-gates.js';
import type { GateEvidence, GateSettings, Judgement, StepInfo, Verdict } from './types.js';

function judgeAll(evidence: GateEvidence, settings: GateSettings, step: StepInfo): Judged[] {
  return [
    minimumSamples(evidence, settings, step),
    holdTime(step),
    ...judgeStatistics({ evidence, settings, step }),
  ];
}

function verdictOf(gates: readonly Judged[]): Verdict {
  if (gates.some(({ state }) => state === 'fail')) return 'roll_back';
  const blocking = gates.filter(({ blocks }) => blocks);
  if (blocking.length === 0) return 'promote';
  return blocking.some(({ state }) => state === 'not_enough_data') ? 'not_enough_data' : 'hold';
}

/**
 * Decides about the canary now, and gives the reasons: one row per gate.
 *
 * roll_back: some gate proves that the canary is worse than allowed. promote: no gate fails or blocks the next step.
 * not_enough_data, hold: data is missing or a gate is undecided; the rows show which one. This function may be called
 * at any time and any number of times: over a whole rollout, a canary within all limits is rolled back with a
 * probability of at most `settings.alpha` (see wealth.ts and alpha.ts for how).
 */
export function evaluate(evidence: GateEvidence, settings: GateSettings, step: StepInfo): Judgement {
  const gates = judgeAll(evidence, settings, step);
  return { verdict: verdictOf(gates), gates: gates.map((gate) => gate.row()) };
}

/** The verdict of `evaluate` without the rows, in a hundredth of the time. */
export function decide(evidence: GateEvidence, settings: GateSettings, step: StepInfo): Verdict {
  return verdictOf(judgeAll(evidence, settings, step));
}
