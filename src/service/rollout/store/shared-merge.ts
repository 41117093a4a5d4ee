import { isSameCandidate } from '../../../rollout/candidate.js';
import { takeOutAgain } from '../../../rollout/take-out-again.js';
import type { RolloutDocument } from '../../../rollout/rollout-types.js';

/** Whether the history of `shared` contains the last move of `local`, or no longer reaches back to it. */
function isKnownTo(shared: RolloutDocument, local: RolloutDocument): boolean {
  const last = local.history.at(-1);
  if (last === undefined) return true;
  const oldest = shared.history.at(0);
  if (oldest === undefined || oldest.revision > last.revision) return true;
  const theirs = shared.history.find(({ revision }) => revision === last.revision);
  return theirs?.at === last.at && theirs.move === last.move;
}

/**
 * Resolves the state after a replica has been disconnected from the others.
 *
 * - The replica's last move is known to the shared state: the shared state is taken.
 * - The replica's revision is higher and it knows the last shared move: its own state is taken. The replica has taken
 *   the canary out meanwhile, or Redis has lost a newer state.
 * - Both have moved: the shared state is taken, and our rollback or our share of 0 is applied to it again. A candidate
 *   that was rolled back on any replica gets no traffic.
 *
 * @param shared the state in Redis; null when there is none
 * @param local the state of this replica; null when there is none
 */
export function mergeRollouts(
  shared: RolloutDocument | null,
  local: RolloutDocument | null,
): RolloutDocument | null {
  if (shared === null || local === null) return shared ?? local;
  if (local.revision > shared.revision && isKnownTo(local, shared)) return local;
  // A replica never takes over a revision lower than its own, so the shared state gets at least ours.
  const theirs = shared.revision < local.revision ? { ...shared, revision: local.revision } : shared;
  if (isKnownTo(shared, local)) return theirs;
  const again = takeOutAgain(theirs, local);
  if (again !== theirs) return again;
  const bad = local.history.at(-1)?.move === 'roll_back' ? local.rolled_back.at(-1) : undefined;
  if (bad === undefined || shared.rolled_back.some((entry) => isSameCandidate(entry, bad))) return theirs;
  return { ...theirs, revision: theirs.revision + 1, rolled_back: [...shared.rolled_back, bad] };
}
