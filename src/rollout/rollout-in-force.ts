import { DEFAULT_COMPARISON, type ComparisonConfig } from '../base/config/rollout-config.js';
import { candidateOf, type Candidate } from './candidate.js';
import type { CandidateRef, RolloutDocument, RolloutPhase, ShareDecision } from './rollout-types.js';

/**
 * One model's rollout as everything that serves requests sees it. It is made of the state, of the decision about the
 * share, of which versions are ready, and of the configuration; it is replaced as a whole and never changed in place.
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
  /** Answers all traffic but the canary's: the stable one, or the one before it until the stable one is ready here. */
  readonly answering: Candidate;
  /** Effective share of the canary, 0 to 100. */
  readonly percent: number;
  /** True while users get the stable answer and the canary is compared with it. */
  readonly shadow: boolean;
  /** Get nothing until `clear`; the latest comes last. */
  readonly rolledBack: readonly Candidate[];
  readonly comparison: ComparisonConfig;
}

/** What a rollout in force is made of. */
export interface InForceParts {
  readonly document: RolloutDocument;
  /** What is decided about the share. */
  readonly decision: Pick<ShareDecision, 'decided_by' | 'percent'>;
  readonly answering: Candidate;
  readonly comparison: ComparisonConfig;
}

const orNull = (ref: CandidateRef | null): Candidate | null => (ref === null ? null : candidateOf(ref));

/** Puts the parts together. A canary that CANARY_PERCENT=0 holds down is not compared in the shadow either. */
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
    shadow: isLive && mode === 'shadow' && (phase === 'running' || phase === 'paused'),
    rolledBack: document.rolled_back.map(candidateOf),
    comparison,
  };
}

/** What is in force until the state of the rollout has been read: the versions of the file, and no canary traffic. */
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

/** Whether nothing that anybody could see differs. */
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
