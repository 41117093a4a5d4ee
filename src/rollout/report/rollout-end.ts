import { isUnderWay, type RolloutDocument, type RolloutMove } from '../rollout-types.js';

/** Whether a rollout, or the replacement of a lost one, begins with this move. */
export const begins = ({ move }: RolloutMove): boolean => move === 'start' || move === 'recover';

const ends = ({ move }: RolloutMove): boolean => move === 'promote' || move === 'roll_back';

const goesOn = ({ to }: RolloutMove): boolean => isUnderWay(to.phase);

/**
 * The moves since the rollout began. The history of a state may go back further, or be cut off after that beginning.
 */
export function movesOf({ history }: RolloutDocument): readonly RolloutMove[] {
  return history.slice(Math.max(0, history.findLastIndex(begins)));
}

/** The last move that ended the rollout; undefined when none of its own moves did. */
export const endOf = (document: RolloutDocument): RolloutMove | undefined => movesOf(document).findLast(ends);

/**
 * Whether a rollout has begun and has not ended. A promoted or rolled-back rollout has ended, also after `clear`, until
 * its canary gets a share again.
 */
export function isUnfinished(document: RolloutDocument): boolean {
  const { rollout_id: rolloutId, phase } = document;
  if (rolloutId === '' || phase === 'promoted' || phase === 'rolled_back') return false;
  const moves = movesOf(document);
  const end = moves.findLastIndex(ends);
  return end === -1 || moves.slice(end + 1).some(goesOn);
}
