import type { RolloutDocument, RolloutMove } from '../rollout-types.js';

/** Whether a rollout, or what stands in for one that was lost, begins with this move. */
export const begins = ({ move }: RolloutMove): boolean => move === 'start' || move === 'recover';

const ends = ({ move }: RolloutMove): boolean => move === 'promote' || move === 'roll_back';

const goesOn = ({ to }: RolloutMove): boolean => to.phase === 'running' || to.phase === 'paused';

/** Since the rollout began; the history of a state goes back further, or not as far. */
export function movesOf({ history }: RolloutDocument): readonly RolloutMove[] {
  return history.slice(Math.max(0, history.findLastIndex(begins)));
}

/** The move that ended the rollout, or did so last; undefined when none of its own moves did. */
export const endOf = (document: RolloutDocument): RolloutMove | undefined => movesOf(document).findLast(ends);

/**
 * Whether a rollout has begun and had no end of its own: one that was promoted or rolled back has had it, also after
 * `clear`, until its canary gets a share again.
 */
export function isUnfinished(document: RolloutDocument): boolean {
  const { rollout_id: rolloutId, phase } = document;
  if (rolloutId === '' || phase === 'promoted' || phase === 'rolled_back') return false;
  const moves = movesOf(document);
  const end = moves.findLastIndex(ends);
  return end === -1 || moves.slice(end + 1).some(goesOn);
}
