import type { RolloutMode } from '../base/config/rollout-config.js';
import type { StepInfo, Verdict } from './gates/types.js';
import { nextPercent, stepInForce } from './rollout-machine.js';
import type { RolloutDocument } from './rollout-types.js';

export type RampAction = 'none' | 'next_step' | 'promote' | 'roll_back';

/**
 * A tick that comes later than this after the one before (a suspended machine, a stopped process) counts as this
 * long: nobody was served in between.
 */
const LONGEST_TICK_MS = 5000;

/** What the gates are told about where the rollout stands. */
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
 * What the ramp does by itself. A canary that is proven bad goes back at once, paused or not; one that is proven good
 * goes on when its step is over.
 */
export function rampAction(document: RolloutDocument, mode: RolloutMode, verdict: Verdict): RampAction {
  const { phase } = document;
  if (mode !== 'auto' || (phase !== 'running' && phase !== 'paused')) return 'none';
  if (verdict === 'roll_back') return 'roll_back';
  const { elapsedMs, holdMs, nextPercent: next } = stepInfoOf(document);
  if (phase !== 'running' || verdict !== 'promote' || elapsedMs < holdMs) return 'none';
  return next === null ? 'promote' : 'next_step';
}

/**
 * Time that a tick adds to its step, in whole ms, from two readings of a monotonic clock. The wall clock has no say:
 * it may jump.
 */
export function tickMs(beforeMs: number, nowMs: number): number {
  return Math.min(LONGEST_TICK_MS, Math.max(0, Math.round(nowMs - beforeMs)));
}
