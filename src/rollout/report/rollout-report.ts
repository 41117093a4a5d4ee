import { noEvidence } from '../evidence/counts.js';
import type { EvidenceDocument } from '../evidence/evidence-document.js';
import { flipViews, type Figures, type FlipView } from '../evidence/figures-view.js';
import type { GateEvidence, GateSettings, Judgement, StepInfo } from '../gates/types.js';
import { evaluate } from '../gates/verdict.js';
import { stepInfoOf } from '../ramp.js';
import { figuresOf } from '../rollout-view.js';
import { isUnderWay, type RolloutDocument, type RolloutMove, type VersionRef } from '../rollout-types.js';
import { begins, movesOf } from './rollout-end.js';
import type { SeriesDocument } from '../evidence/series.js';

/** How a rollout ended. replaced: another rollout began before this one was promoted or rolled back. */
export type Outcome = 'promoted' | 'rolled_back' | 'replaced';

/** The report of a finished rollout, for a reviewer. */
export interface RolloutReport {
  readonly schema: 1;
  readonly kind: 'rollout';
  readonly model_name: string;
  readonly rollout_id: string;
  /** Revision of the move that ended the rollout. */
  readonly revision: number;
  readonly outcome: Outcome;
  /** The decision, its cause and its reason, in one line. */
  readonly decision: string;
  readonly mode: string;
  readonly forced: boolean;
  readonly stable: VersionRef;
  readonly canary: VersionRef | null;
  readonly began_at: string | null;
  readonly ended_at: string;
  /** The judgement of the gates at the end; null when nothing was measured or the measurements are lost. */
  readonly verdict: Judgement | null;
  readonly figures: Figures | null;
  readonly flips: readonly FlipView[];
  readonly moves: readonly RolloutMove[];
  readonly series: SeriesDocument;
}

export interface ReportParts {
  /** The state after the end; for a replaced rollout, the state before the next one began. */
  readonly document: RolloutDocument;
  readonly outcome: Outcome;
  /** The move that ended the rollout. */
  readonly end: RolloutMove;
  /** Null when nothing was measured or the measurements are lost. */
  readonly evidence: EvidenceDocument | null;
  readonly settings: GateSettings;
  /** Names of the labels, by the index that the evidence counts under. */
  readonly labels: readonly string[];
}

/** Builds the report of a finished rollout. */
export function reportOf({ document, outcome, end, evidence, settings, labels }: ReportParts): RolloutReport {
  const measured = evidence && measuredIn(document, evidence, labels.length);
  const pair = pairOf(document);
  const moves = movesOf(document);
  return {
    schema: 1,
    kind: 'rollout',
    model_name: document.model,
    rollout_id: document.rollout_id,
    revision: end.revision,
    outcome,
    decision: decisionOf(outcome, pair, end),
    mode: document.mode,
    forced: document.forced,
    ...pair,
    began_at: moves.find(begins)?.at ?? null,
    ended_at: end.at,
    verdict: measured && evaluate(measured.evidence, settings, measured.where),
    figures: measured && figuresOf(measured.evidence, labels),
    flips: flipViews(evidence?.examples ?? [], labels),
    moves: outcome === 'replaced' ? [...moves, end] : moves,
    series: evidence?.series ?? { interval_ms: 0, points: [] },
  };
}

/** The two versions in the roles that they had during the rollout. */
function pairOf({ phase, stable, canary, last_good: lastGood }: RolloutDocument): {
  readonly stable: VersionRef;
  readonly canary: VersionRef | null;
} {
  return phase === 'promoted' && lastGood !== null
    ? { stable: lastGood, canary: stable }
    : { stable, canary };
}

/** The evidence and the step that the gates judged at the end. */
function measuredIn(
  document: RolloutDocument,
  evidence: EvidenceDocument,
  labelCount: number,
): { readonly evidence: GateEvidence; readonly where: StepInfo } {
  const last = lastStep(document, evidence);
  const { total, steps, saturated } = evidence;
  return {
    evidence: { labelCount, total, step: steps[last.visit] ?? noEvidence(), saturated },
    where: stepInfoOf(last),
  };
}

/** The state of the rollout in its last step. */
function lastStep(document: RolloutDocument, { steps }: EvidenceDocument): RolloutDocument {
  if (isUnderWay(document.phase)) return document;
  const left = document.history.findLast(({ from }) => isUnderWay(from.phase));
  return {
    ...document,
    phase: 'running',
    percent: left?.from.percent ?? 0,
    visit: Math.max(0, ...Object.keys(steps).map(Number)),
    elapsed_in_step_ms: left?.figures?.elapsed_in_step_ms ?? 0,
  };
}

function decisionOf(
  outcome: Outcome,
  { stable, canary }: { readonly stable: VersionRef; readonly canary: VersionRef | null },
  { cause, to }: RolloutMove,
): string {
  const name = canary?.version ?? 'the canary';
  const why = `by ${cause.by}: ${cause.detail}`;
  switch (outcome) {
    case 'promoted':
      return `PROMOTED ${name} in place of ${stable.version}, ${why}`;
    case 'rolled_back':
      return `ROLLED BACK ${name} to ${stable.version}, ${why}`;
    case 'replaced':
      return `REPLACED ${name} beside ${stable.version} by ${to.canary ?? 'no canary'} beside ${to.stable}, ${why}`;
    default:
      return outcome satisfies never;
  }
}
