import { count, share } from '../../../base/format.js';
import type { Judgement } from '../../../rollout/gates/types.js';
import type { DrillDecision, DrillEnd, RollbackExercise } from './drill-report.js';
import type { DrillPart } from './part-recorder.js';

/** The findings of a drill. */
export interface Findings {
  readonly end: DrillEnd;
  readonly parts: readonly DrillPart[];
  /** Null when it was left out, or not come to. */
  readonly rollback: RollbackExercise | null;
  readonly wantedRollback: boolean;
  readonly verdict: Judgement | null;
  /** True when a gate of the service has rolled the canary back during the drill. */
  readonly wasRolledBack: boolean;
}

export interface Decided {
  readonly decision: DrillDecision;
  readonly reasons: readonly string[];
}

/**
 * The decision of a drill. roll_back: a gate has failed. promote: the drill has come to its end, every gate
 * but `hold_time` passes or is off, and the split, the rollback and the clients found nothing wrong; the time
 * of the drill stands for the step's hold time, which begins anew with every change of the share. Else hold.
 */
export function decide(findings: Findings): Decided {
  const { end, parts, rollback, wantedRollback, verdict, wasRolledBack } = findings;
  const gates = (verdict?.gates ?? []).filter(({ gate }) => gate !== 'hold_time');
  const failed = gates
    .filter(({ state }) => state === 'fail')
    .map(({ gate, sentence }) => `${gate}: ${sentence}`);
  if (wasRolledBack || failed.length > 0) {
    return { decision: 'roll_back', reasons: failed.length > 0 ? failed : [end.sentence] };
  }
  const against = [
    ...(end.kind === 'done' ? [] : [end.sentence]),
    ...(verdict === null ? ['The service tells no verdict.'] : []),
    ...gates
      .filter(({ state }) => state === 'open' || state === 'not_enough_data')
      .map(({ gate, sentence }) => `${gate}: ${sentence}`),
    ...parts.flatMap(problemsOf),
    ...(rollback === null
      ? wantedRollback && end.kind === 'done'
        ? ['The rollback was not exercised.']
        : []
      : rollbackProblems(rollback)),
  ];
  if (against.length > 0) return { decision: 'hold', reasons: against };
  return { decision: 'promote', reasons: gates.map(({ gate, sentence }) => `${gate}: ${sentence}`) };
}

function problemsOf({ share: split, failed, requests }: DrillPart): string[] {
  const { canary_users: users, allowed_low: low, allowed_high: high } = split;
  return [
    ...(split.within
      ? []
      : [
          `${count(users)} of ${count(split.users)} users had the canary; ${low} to ${high} are to be expected.`,
        ]),
    ...(split.switched_users === 0
      ? []
      : [`${count(split.switched_users)} users were answered by both versions at one share.`]),
    ...(failed === 0
      ? []
      : [`${count(failed)} of ${count(requests)} requests failed (${share(failed / requests)}).`]),
  ];
}

function rollbackProblems({ canary_after: after, failed, left }: RollbackExercise): string[] {
  return [
    ...(after === 0
      ? []
      : [`${count(after)} requests after the rollback's answer were served by the canary.`]),
    ...(failed === 0 ? [] : [`${count(failed)} requests failed during the rollback.`]),
    ...(left === 0 ? [] : [`${count(left)} texts of the canary did not end after the rollback.`]),
  ];
}
