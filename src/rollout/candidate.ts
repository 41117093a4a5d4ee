import { createHash } from 'node:crypto';
import type { CandidateRef, PolicyRef, VersionRef } from './rollout-types.js';

/**
 * What a rollout gives traffic to: a version and, perhaps, a policy that is applied to what its model says. Two candidates
 * may share one model, so a candidate is known by its own digest and never by that of its version.
 */
export interface Candidate {
  readonly version: VersionRef;
  readonly policy: PolicyRef | null;
  /** Hex. That of the version where there is no policy, else the sha256 of both digests. */
  readonly digest: string;
}

/** The candidate that a state or a configuration names. */
export function candidateOf({ version, digest, policy = null }: CandidateRef): Candidate {
  if (policy === null) return { version: { version, digest }, policy: null, digest };
  const own = createHash('sha256').update(`${digest}\n${policy.digest}`).digest('hex');
  return { version: { version, digest }, policy, digest: own };
}

/** Whether both name the same files and the same policy; true for two nulls. Names of versions do not count. */
export function isSameCandidate(a: CandidateRef | null, b: CandidateRef | null): boolean {
  return a?.digest === b?.digest && a?.policy?.digest === b?.policy?.digest;
}
