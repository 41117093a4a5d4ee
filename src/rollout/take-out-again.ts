import { isSameCandidate } from './candidate.js';
import { rollBack, setPercent } from './rollout-machine.js';
import type { CandidateRef, RolloutDocument, RolloutMove } from './rollout-types.js';

/** The candidate that a move takes out, by a rollback or a share of 0; null for every other move. */
function takenOut(
  { rolled_back: rolledBack, canary }: RolloutDocument,
  made: RolloutMove,
): CandidateRef | null {
  if (made.move === 'roll_back') return rolledBack.at(-1) ?? null;
  return made.move === 'set' && made.to.percent === 0 ? canary : null;
}

/**
 * Resolves a write conflict: takes the other replica's state, and applies our move to it again if that move took a
 * version out. Users do not get that version, even if the other replica has promoted it.
 * @param ours the state of this process; its last move is missing in the other replica's state
 */
export function takeOutAgain(theirs: RolloutDocument, ours: RolloutDocument): RolloutDocument {
  const made = ours.history.at(-1);
  const out = made === undefined ? null : takenOut(ours, made);
  const concerned = theirs.phase === 'promoted' ? theirs.stable : theirs.canary;
  if (made === undefined || out === null || !isSameCandidate(concerned, out)) return theirs;
  const isSet = made.move === 'set' && theirs.phase !== 'promoted';
  const again = isSet ? setPercent(theirs, 0, made) : rollBack(theirs, made);
  return again.kind === 'moved' ? again.document : theirs;
}
