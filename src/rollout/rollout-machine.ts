import type { RolloutMode } from '../base/config/rollout-config.js';
import { isSameCandidate } from './candidate.js';
import type {
  CandidateRef,
  MoveCause,
  MoveFigures,
  MoveName,
  MovePoint,
  PlanStep,
  RolloutDocument,
  RolloutOrigin,
} from './rollout-types.js';

/** Maximum number of moves in the history; the oldest are dropped first. */
export const HISTORY_MOVES = 50;

/** The inputs of a move, apart from the state that it starts from. */
export interface MoveContext {
  /** Wall clock, ISO 8601. */
  readonly at: string;
  readonly cause: MoveCause;
  /** The measurements until now; kept with the move. */
  readonly figures: MoveFigures | null;
}

/** The description of a rollout that is to begin. */
export interface StartRequest {
  readonly rolloutId: string;
  readonly stable: CandidateRef;
  readonly canary: CandidateRef | null;
  readonly percent: number;
  readonly mode: RolloutMode;
  readonly steps: readonly PlanStep[];
  readonly forced: boolean;
  readonly origin: RolloutOrigin;
  /** Fingerprint of the file's section as it is now. */
  readonly configuration: string;
}

/** The next state, or the reason why there is none, as a sentence for the caller. */
export type MoveResult =
  | { readonly kind: 'moved'; readonly document: RolloutDocument }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly sentence: string };

const refused = (sentence: string): MoveResult => ({ kind: 'refused', sentence });

/** The state of a model whose rollout was never moved; it is not written anywhere. */
export function untouched(
  model: string,
  request: Omit<StartRequest, 'percent' | 'forced' | 'origin' | 'rolloutId'>,
): RolloutDocument {
  const { stable, canary, mode, steps, configuration } = request;
  return {
    schema: 1,
    model,
    revision: 0,
    rollout_id: '',
    phase: 'idle',
    mode,
    stable,
    canary,
    last_good: null,
    percent: 0,
    visit: 0,
    steps,
    elapsed_in_step_ms: 0,
    since: new Date(0).toISOString(),
    forced: false,
    moved: false,
    origin: { by: 'configuration', canary_percent: null },
    configuration,
    rolled_back: [],
    history: [],
  };
}

const pointOf = ({ phase, stable, canary, percent }: RolloutDocument): MovePoint => ({
  phase,
  stable: stable.version,
  canary: canary?.version ?? null,
  percent,
});

/**
 * Whether the state outranks CANARY_PERCENT above 0 and the file from this move on, because an admin, a gate or the
 * ramp has decided.
 */
const outranks = ({ by }: MoveCause): boolean => by === 'admin' || by === 'gate' || by === 'ramp';

/**
 * The document after a move: the revision plus one, a new step if the share has changed, and the move in its history.
 */
function moved(
  before: RolloutDocument,
  move: MoveName,
  changes: Partial<RolloutDocument>,
  { at, cause, figures }: MoveContext,
): MoveResult {
  const after = { ...before, ...changes };
  const revision = before.revision + 1;
  const isNewStep = after.percent !== before.percent || after.rollout_id !== before.rollout_id;
  const isNewPoint = isNewStep || after.phase !== before.phase;
  const entry = {
    revision,
    at,
    move,
    from: pointOf(before),
    to: pointOf(after),
    cause,
    forced: after.forced,
    figures,
  };
  // An admin, gate or ramp that moves a recovered state ends the recovery.
  const isSeen = before.origin.by === 'recovery' && outranks(cause);
  const document: RolloutDocument = {
    ...after,
    origin: isSeen && after.origin.by === 'recovery' ? { by: 'admin', canary_percent: null } : after.origin,
    revision,
    visit: after.rollout_id !== before.rollout_id ? 1 : before.visit + (isNewStep ? 1 : 0),
    elapsed_in_step_ms: isNewStep ? 0 : after.elapsed_in_step_ms,
    since: isNewPoint ? at : before.since,
    moved: after.moved || outranks(cause),
    history: [...before.history, entry].slice(-HISTORY_MOVES),
  };
  return { kind: 'moved', document };
}

const isRolledBack = (document: RolloutDocument, candidate: CandidateRef | null): boolean =>
  candidate !== null && document.rolled_back.some((entry) => isSameCandidate(entry, candidate));

/**
 * Begins a rollout of another pair of candidates, or of the same pair again. A canary that was rolled back gets no
 * traffic.
 */
export function start(before: RolloutDocument, request: StartRequest, context: MoveContext): MoveResult {
  const { rolloutId, ...rest } = request;
  const isBad = isRolledBack(before, request.canary);
  const serves = request.canary !== null && (request.percent > 0 || request.mode === 'shadow');
  const phase = isBad ? 'rolled_back' : serves ? 'running' : 'idle';
  const leavesStable = !isSameCandidate(before.stable, request.stable);
  return moved(
    before,
    'start',
    {
      ...rest,
      rollout_id: rolloutId,
      percent: isBad || !serves ? 0 : request.percent,
      phase,
      last_good: leavesStable ? null : before.last_good,
      moved: false,
    },
    context,
  );
}

/** What an admin must do before a candidate that was rolled back gets traffic again. */
export const clearFirst = (model: string): string =>
  `to try it again, send "serin canary clear ${model}" (POST /admin/canary/${model}/clear) first, then set a share`;

/**
 * An admin sets the share. A share above 0 ends shadow mode, because users shall get the canary's answers. A paused
 * rollout stays paused, because an admin who lowers the share does not want the ramp to raise it.
 */
export function setPercent(before: RolloutDocument, percent: number, context: MoveContext): MoveResult {
  const { phase, canary } = before;
  if (phase === 'rolled_back') {
    if (percent === 0) return { kind: 'unchanged' };
    return refused(`${canary?.version ?? 'The canary'} was rolled back; ${clearFirst(before.model)}.`);
  }
  if (canary === null) {
    if (percent === 0) return { kind: 'unchanged' };
    return refused(`There is no canary beside ${before.stable.version}; name the version that is to be it.`);
  }
  const next = percent === 0 ? 'idle' : phase === 'paused' ? 'paused' : 'running';
  if (phase === next && percent === before.percent && before.mode !== 'shadow') return { kind: 'unchanged' };
  const mode = percent > 0 && before.mode === 'shadow' ? 'manual' : before.mode;
  return moved(before, 'set', { phase: next, percent, mode }, context);
}

/** The ramp takes its next step. */
export function nextStep(before: RolloutDocument, context: MoveContext): MoveResult {
  const percent = nextPercent(before);
  if (before.phase !== 'running' || percent === null) return refused('There is no next step.');
  return moved(before, 'step', { percent }, context);
}

/** Stops the ramp and its step time. The canary keeps its share, and a gate may still roll it back. */
export function pause(before: RolloutDocument, context: MoveContext): MoveResult {
  if (before.phase === 'paused') return { kind: 'unchanged' };
  if (before.phase !== 'running') return refused(`Only a running rollout can be paused; ${says(before)}.`);
  return moved(before, 'pause', { phase: 'paused' }, context);
}

export function resume(before: RolloutDocument, context: MoveContext): MoveResult {
  if (before.phase === 'running') return { kind: 'unchanged' };
  if (before.phase !== 'paused') return refused(`Only a paused rollout can be resumed; ${says(before)}.`);
  return moved(before, 'resume', { phase: 'running' }, context);
}

/** The canary becomes stable. The former stable candidate stays loaded, so that a rollback can return to it. */
export function promote(before: RolloutDocument, context: MoveContext): MoveResult {
  const { phase, canary, stable } = before;
  if (phase === 'promoted') return { kind: 'unchanged' };
  if (phase === 'rolled_back') return refused(`${says(before)}; ${clearFirst(before.model)}.`);
  if (canary === null) return refused(`There is no canary beside ${stable.version} that could be promoted.`);
  return moved(
    before,
    'promote',
    { phase: 'promoted', stable: canary, canary: null, last_good: stable, percent: 0 },
    context,
  );
}

/**
 * The canary gets no traffic until `clear`, even if it is named as a canary again. After a promotion, the former stable
 * candidate answers again.
 */
export function rollBack(before: RolloutDocument, context: MoveContext): MoveResult {
  const { phase, canary, stable, last_good: lastGood } = before;
  if (phase === 'rolled_back') return { kind: 'unchanged' };
  const back = phase === 'promoted' && lastGood !== null;
  const bad = back ? stable : canary;
  if (bad === null) return refused(`There is no canary beside ${stable.version} that could be rolled back.`);
  const entry = { ...bad, at: context.at, reason: context.cause.detail };
  const others = before.rolled_back.filter((other) => !isSameCandidate(other, bad));
  return moved(
    before,
    'roll_back',
    {
      phase: 'rolled_back',
      stable: back ? lastGood : stable,
      canary: bad,
      last_good: null,
      percent: 0,
      rolled_back: [...others, entry],
    },
    context,
  );
}

/**
 * Closes a finished rollout: removes the marks of rolled-back candidates and, after a promotion, the former stable
 * candidate. A canary stays at 0 % until an admin sets a share or the file's section changes.
 * @param configuration fingerprint of the file's section as it is now
 */
export function clear(
  before: RolloutDocument,
  context: MoveContext,
  configuration = before.configuration,
): MoveResult {
  const { phase } = before;
  const isOver = phase === 'rolled_back' || phase === 'promoted';
  const isHeld = before.origin.by === 'recovery';
  if (!isOver && !isHeld && before.rolled_back.length === 0) {
    return refused(`There is nothing to clear: ${says(before)}, and nothing was rolled back.`);
  }
  const changes = {
    phase: isOver ? 'idle' : phase,
    last_good: null,
    rolled_back: [],
    // The section that asked for the finished rollout must not begin it again.
    configuration: isOver ? configuration : before.configuration,
  } as const;
  return moved(before, 'clear', changes, context);
}

/** Replaces a state that was lost: the canary gets no traffic until an admin decides. */
export function recover(before: RolloutDocument, rolloutId: string, context: MoveContext): MoveResult {
  const origin: RolloutOrigin = { by: 'recovery', canary_percent: null };
  return moved(before, 'recover', { rollout_id: rolloutId, origin }, context);
}

/** The index of the current step: the last step whose share is not above the canary's, else the first. */
export function stepInForce({ steps, percent }: Pick<RolloutDocument, 'steps' | 'percent'>): number {
  return Math.max(
    0,
    steps.findLastIndex((step) => step.percent <= percent),
  );
}

/** Share of the next step; null at the last step, which is followed by the promotion. */
export function nextPercent({ steps, percent }: Pick<RolloutDocument, 'steps' | 'percent'>): number | null {
  return steps.find((step) => step.percent > percent)?.percent ?? null;
}

/** The phase of a rollout, worded as the end of a refusal. */
function says({ phase, canary, stable }: RolloutDocument): string {
  switch (phase) {
    case 'idle':
      return 'this one is idle';
    case 'running':
      return 'this one is running';
    case 'paused':
      return 'this one is paused';
    case 'promoted':
      return `${stable.version} was promoted`;
    case 'rolled_back':
      return `${canary?.version ?? 'the canary'} was rolled back`;
    default:
      return phase satisfies never;
  }
}
