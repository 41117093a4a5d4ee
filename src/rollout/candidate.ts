import { createHash } from 'node:crypto';
import type { CandidateRef, PolicyRef, VersionRef } from './rollout-types.js';

/**
 * One side of a rollout: a version and, optionally, a policy that is applied to its model's output. Two candidates may
 * share one version, so a candidate is identified by its own digest and never by the version's digest.
 */
export interface Candidate {
  readonly version: VersionRef;
  readonly policy: PolicyRef | null;
  /** Hex. Without a policy, the digest of the version; with one, the sha256 of both digests. */
  readonly digest: string;
}

/** The candidate that a state or a configuration names. */
export function candidateOf({ version, digest, policy = null }: CandidateRef): Candidate {
  if (policy === null) return { version: { version, digest }, policy: null, digest };
  const own = createHash('sha256').update(`${digest}\n${policy.digest}`).digest('hex');
  return { version: { version, digest }, policy, digest: own };
}

/** Whether both have the same files and the same policy; true for two nulls. Names of versions are not compared. */
export function isSameCandidate(a: CandidateRef | null, b: CandidateRef | null): boolean {
  return a?.digest === b?.digest && a?.policy?.digest === b?.policy?.digest;
}
