import type { RolloutMode } from '../base/config/rollout-config.js';
import type { StepInfo, Verdict } from './gates/types.js';
import { nextPercent, stepInForce } from './rollout-machine.js';
import { isUnderWay, type RolloutDocument } from './rollout-types.js';

export type RampAction = 'none' | 'next_step' | 'promote' | 'roll_back';

/**
 * Longest time that one tick may add, in milliseconds. After a longer gap (a suspended machine, a stopped process) the
 * tick counts as this long, because no requests were served in the gap.
 */
const LONGEST_TICK_MS = 5000;

/** The facts about the current step that the gates use. */
export function stepInfoOf(document: RolloutDocument): StepInfo {
  const { visit, steps, elapsed_in_step_ms: elapsedMs, mode } = document;
  return {
    visit,
    nextPercent: nextPercent(document),
    elapsedMs,
    holdMs: steps[stepInForce(document)]?.hold_ms ?? 0,
    shadow: mode === 'shadow',
  };
}

/**
 * The automatic action of the ramp. A canary that is proven bad is rolled back at once, even while paused. A canary
 * that may be promoted takes its next step once the hold time of the step is over.
 */
export function rampAction(document: RolloutDocument, mode: RolloutMode, verdict: Verdict): RampAction {
  const { phase } = document;
  if (mode !== 'auto' || !isUnderWay(phase)) return 'none';
  if (verdict === 'roll_back') return 'roll_back';
  const { elapsedMs, holdMs, nextPercent: next } = stepInfoOf(document);
  if (phase !== 'running' || verdict !== 'promote' || elapsedMs < holdMs) return 'none';
  return next === null ? 'promote' : 'next_step';
}

/**
 * Time that a tick adds to its step, in whole ms, from two readings of a monotonic clock. The wall clock is not used,
 * because it may jump.
 */
export function tickMs(beforeMs: number, nowMs: number): number {
  return Math.min(LONGEST_TICK_MS, Math.max(0, Math.round(nowMs - beforeMs)));
}
