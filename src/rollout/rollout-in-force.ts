import { DEFAULT_COMPARISON, type ComparisonConfig } from '../base/config/rollout-config.js';
import { candidateOf, type Candidate } from './candidate.js';
import {
  isUnderWay,
  type CandidateRef,
  type RolloutDocument,
  type RolloutPhase,
  type ShareDecision,
} from './rollout-types.js';

/**
 * One model's rollout as the code that serves requests sees it. It is computed from the state, the decision about the
 * share, the set of ready versions and the configuration. It is replaced as a whole and never changed in place.
 */
export interface RolloutInForce {
  readonly model: string;
  readonly revision: number;
  readonly rolloutId: string;
  readonly phase: RolloutPhase;
  /** The stable candidate of the state. */
  readonly stable: Candidate;
  readonly canary: Candidate | null;
  /** Stable before the last promotion. It stays loaded, because a rollback leads back to it. */
  readonly lastGood: Candidate | null;
  /**
   * Answers all traffic except the canary's: the stable candidate, or the previous one until the stable candidate is
   * ready in this process.
   */
  readonly answering: Candidate;
  /** Effective share of the canary, 0 to 100. */
  readonly percent: number;
  /** True while users get the stable answer and the canary is compared with it. */
  readonly shadow: boolean;
  /** Candidates that get no traffic until `clear`; the latest comes last. */
  readonly rolledBack: readonly Candidate[];
  readonly comparison: ComparisonConfig;
}

/** The inputs of {@link rolloutInForce}. */
export interface InForceParts {
  readonly document: RolloutDocument;
  /** The decision about the canary's share. */
  readonly decision: Pick<ShareDecision, 'decided_by' | 'percent'>;
  readonly answering: Candidate;
  readonly comparison: ComparisonConfig;
}

const orNull = (ref: CandidateRef | null): Candidate | null => (ref === null ? null : candidateOf(ref));

/** Combines the parts. A canary that CANARY_PERCENT=0 holds at 0 gets no shadow traffic either. */
export function rolloutInForce({ document, decision, answering, comparison }: InForceParts): RolloutInForce {
  const { model, revision, rollout_id: rolloutId, phase, mode } = document;
  const isLive = revision > 0 && decision.decided_by !== 'canary_percent_0';
  return {
    model,
    revision,
    rolloutId,
    phase,
    stable: candidateOf(document.stable),
    canary: orNull(document.canary),
    lastGood: orNull(document.last_good),
    answering,
    percent: decision.percent,
    shadow: isLive && mode === 'shadow' && isUnderWay(phase),
    rolledBack: document.rolled_back.map(candidateOf),
    comparison,
  };
}

/** The rollout that applies until its state has been read: the versions of the file, and no canary traffic. */
export function configuredRollout(
  model: string,
  { stable, canary }: { readonly stable: string; readonly canary: string | null },
): RolloutInForce {
  // The registry has not been read either: names are known, digests are not.
  const named = (version: string): Candidate => candidateOf({ version, digest: '' });
  return {
    model,
    revision: 0,
    rolloutId: '',
    phase: 'idle',
    stable: named(stable),
    canary: canary === null ? null : named(canary),
    lastGood: null,
    answering: named(stable),
    percent: 0,
    shadow: false,
    rolledBack: [],
    comparison: DEFAULT_COMPARISON,
  };
}

const isSame = (a: Candidate | null, b: Candidate | null): boolean =>
  a?.digest === b?.digest && a?.version.version === b?.version.version && a?.policy?.name === b?.policy?.name;

/** Whether both rollouts are the same for every reader. */
export function isSameRollout(a: RolloutInForce, b: RolloutInForce): boolean {
  return (
    a.model === b.model &&
    a.revision === b.revision &&
    a.rolloutId === b.rolloutId &&
    a.phase === b.phase &&
    isSame(a.stable, b.stable) &&
    isSame(a.canary, b.canary) &&
    isSame(a.lastGood, b.lastGood) &&
    isSame(a.answering, b.answering) &&
    a.percent === b.percent &&
    a.shadow === b.shadow &&
    a.rolledBack.length === b.rolledBack.length &&
    a.rolledBack.every((candidate, i) => isSame(candidate, b.rolledBack[i] ?? null)) &&
    a.comparison.samplePercent === b.comparison.samplePercent &&
    a.comparison.budgetPercent === b.comparison.budgetPercent
  );
}
