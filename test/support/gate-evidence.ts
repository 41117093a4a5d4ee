import { DEFAULT_GATES } from '../../src/base/config/rollout-config.js';
import { noEvidence, type Evidence } from '../../src/rollout/evidence/counts.js';
import { recordRun } from '../../src/rollout/evidence/record.js';
import type {
  GateEvidence,
  GateName,
  GateRow,
  GateSettings,
  StepInfo,
} from '../../src/rollout/gates/types.js';
import { evaluate } from '../../src/rollout/gates/verdict.js';

/** The defaults. */
export const SETTINGS: GateSettings = DEFAULT_GATES;
/** The first step, its time over. */
export const STEP: StepInfo = { visit: 1, nextPercent: 5, elapsedMs: 60_000, holdMs: 60_000, shadow: false };
/** The step that leads to the promotion. */
export const LAST: StepInfo = { ...STEP, visit: 5, nextPercent: null };

/** A canary without a fault, seen on 5,000 distinct texts; `change` spoils it. */
export function evidenceOf(change: (window: Evidence) => void = () => undefined): GateEvidence {
  const window = noEvidence();
  Object.assign(window.pairs, {
    pairs: 5000,
    trafficPairs: 9000,
    disagreements: 10,
    trafficDisagreements: 20,
  });
  Object.assign(window.pairs, {
    gained: { 0: 5, 1: 5 },
    lost: { 0: 5, 1: 5 },
    flips: { '0>1': 5, '1>0': 5 },
  });
  Object.assign(window.canary, { requests: 9000, errors: 9, feedback: { correct: 900, total: 1000 } });
  Object.assign(window.stable, { requests: 90_000, errors: 90, feedback: { correct: 9000, total: 10_000 } });
  for (let i = 0; i < 400; i++) {
    recordRun(window.canary, { inferenceMs: 1 + (i % 20) / 50, paddedTokens: 64 });
    recordRun(window.stable, { inferenceMs: 1 + (i % 20) / 50, paddedTokens: 64 });
  }
  change(window);
  return { labelCount: 2, total: window, step: window, saturated: false };
}

/** The row of one gate. */
export const rowOf = (
  gate: GateName,
  evidence: GateEvidence,
  settings: GateSettings = SETTINGS,
  step: StepInfo = STEP,
): GateRow => {
  const row = evaluate(evidence, settings, step).gates.find((candidate) => candidate.gate === gate);
  if (row === undefined) throw new Error(`no row for ${gate}`);
  return row;
};
