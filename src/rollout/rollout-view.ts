import { windowFigures, type Figures, type FlipView } from './evidence/figures-view.js';
import type { GateEvidence, Judgement } from './gates/types.js';
import { stepInfoOf } from './ramp.js';
import { stepInForce } from './rollout-machine.js';
import {
  isUnderWay,
  type MoveFigures,
  type RolloutDocument,
  type RolloutView,
  type StepView,
  type VersionView,
} from './rollout-types.js';
import type { VerdictEstimate } from './verdict-pace.js';
import type { Verdict as Decided } from './who-decides.js';

/** The state of a rollout and the other data that its view shows. */
export interface ViewParts {
  readonly document: RolloutDocument;
  readonly decided: Decided;
  readonly stable: VersionView | null;
  readonly canary: VersionView | null;
  readonly lastGood: VersionView | null;
  readonly judgement: Judgement | null;
  readonly estimate: VerdictEstimate | null;
  readonly figures: Figures | null;
  readonly flips: readonly FlipView[];
  readonly inFlight: number;
  readonly problems: readonly string[];
}

function stepView(document: RolloutDocument): StepView | null {
  if (!isUnderWay(document.phase)) return null;
  const { nextPercent, holdMs } = stepInfoOf(document);
  return {
    number: stepInForce(document) + 1,
    of: document.steps.length,
    percent: document.percent,
    hold_ms: holdMs,
    elapsed_ms: document.elapsed_in_step_ms,
    next_percent: nextPercent,
  };
}

/** The body of GET /admin/canary/{model}. */
export function rolloutView(parts: ViewParts): RolloutView {
  const { document, decided } = parts;
  const { decision } = decided;
  const isTouched = document.revision > 0;
  return {
    model_name: document.model,
    revision: document.revision,
    rollout_id: document.rollout_id === '' ? null : document.rollout_id,
    phase: document.phase,
    mode: decided.mode,
    stable: parts.stable,
    canary: parts.canary,
    last_good: parts.lastGood,
    forced: document.forced,
    percent: decision.percent,
    state_percent: document.percent,
    step: stepView(document),
    since: isTouched ? document.since : null,
    decided_by: decision.decided_by,
    decided_because: decision.sentence,
    already_promoted: decision.already_promoted,
    verdict: parts.judgement,
    verdict_estimate: parts.estimate,
    figures: parts.figures,
    flips: parts.flips,
    in_flight: parts.inFlight,
    rolled_back: document.rolled_back,
    problems: parts.problems,
    history: document.history,
  };
}

/** @param labels names of the labels, by the index that the evidence counts under */
export function figuresOf(evidence: GateEvidence, labels: readonly string[]): Figures {
  return { step: windowFigures(evidence.step, labels), total: windowFigures(evidence.total, labels) };
}

/** The summary of the evidence that is kept with a move. */
export function moveFigures(
  document: RolloutDocument,
  { total }: GateEvidence,
  verdict: MoveFigures['verdict'],
): MoveFigures {
  return {
    verdict,
    elapsed_in_step_ms: document.elapsed_in_step_ms,
    pairs: total.pairs.pairs,
    disagreements: total.pairs.disagreements,
    stable_requests: total.stable.requests,
    stable_errors: total.stable.errors,
    canary_requests: total.canary.requests,
    canary_errors: total.canary.errors,
  };
}
