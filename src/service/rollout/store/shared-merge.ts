import { isSameCandidate } from '../../../rollout/candidate.js';
import { takeOutAgain } from '../../../rollout/take-out-again.js';
import type { RolloutDocument } from '../../../rollout/rollout-types.js';

/** Whether the last move of `local` is one that `shared` has been through, or is too old to tell. */
function isKnownTo(shared: RolloutDocument, local: RolloutDocument): boolean {
  const last = local.history.at(-1);
  if (last === undefined) return true;
  const oldest = shared.history.at(0);
  if (oldest === undefined || oldest.revision > last.revision) return true;
  const theirs = shared.history.find(({ revision }) => revision === last.revision);
  return theirs?.at === last.at && theirs.move === last.move;
}

/**
 * What is in force after a replica has been without the others.
 *
 * - What they hold goes on from what the replica knows: theirs.
 * - The replica is ahead, and all that they hold is known to it: its own. It has taken the canary out meanwhile, or
 *   they have lost what they had.
 * - Both have moved: theirs, but a rollback, or a share of 0, that was made here is made again on it. A candidate that was
 *   rolled back anywhere gets nothing, whatever else was done to it.
 *
 * @param shared what the replicas hold; null when they hold nothing
 * @param local what this replica knows; null when it knows nothing
 */
export function mergeRollouts(
  shared: RolloutDocument | null,
  local: RolloutDocument | null,
): RolloutDocument | null {
  if (shared === null || local === null) return shared ?? local;
  if (local.revision > shared.revision && isKnownTo(local, shared)) return local;
  // Nobody takes over a state that is older than their own.
  const theirs = shared.revision < local.revision ? { ...shared, revision: local.revision } : shared;
  if (isKnownTo(shared, local)) return theirs;
  const again = takeOutAgain(theirs, local);
  if (again !== theirs) return again;
  const bad = local.history.at(-1)?.move === 'roll_back' ? local.rolled_back.at(-1) : undefined;
  if (bad === undefined || shared.rolled_back.some((entry) => isSameCandidate(entry, bad))) return theirs;
  return { ...theirs, revision: theirs.revision + 1, rolled_back: [...shared.rolled_back, bad] };
}
