import type { RolloutMode } from '../base/config/rollout-config.js';
import { isSameCandidate as same } from './candidate.js';
import { stepInForce } from './rollout-machine.js';
import type { StartRequest } from './rollout-machine.js';
import {
  isUnderWay,
  type PlanStep,
  type RolloutDocument,
  type ShareDecision,
  type VersionRef,
} from './rollout-types.js';

/** The file's section about one model, with the digests of its versions. */
export interface FileWish {
  readonly stable: VersionRef;
  readonly canary: VersionRef | null;
  readonly percent: number;
  readonly mode: RolloutMode;
  readonly steps: readonly PlanStep[];
  /**
   * False when the file has no section about the model, or one that names no canary and does not say `canary: null`. Such a
   * file may be in the middle of being written.
   */
  readonly isWhole: boolean;
  /** Equal for two sections exactly when their meaning and the digests of their versions are equal. */
  readonly fingerprint: string;
}

/**
 * False when the manifest of a version in the section cannot be read. Its digest is then empty, and the fingerprint
 * does not show whether the section has changed.
 */
export const isReadable = ({ stable, canary }: Pick<FileWish, 'stable' | 'canary'>): boolean =>
  stable.digest !== '' && canary?.digest !== '';

/** Whether this is the section that was last applied to the state. */
export const isSectionOf = (
  { configuration }: Pick<RolloutDocument, 'configuration'>,
  { fingerprint }: Pick<FileWish, 'fingerprint'>,
): boolean => configuration === fingerprint;

/**
 * Whether the file seems to have lost the rollout that is running. Such a file begins nothing, because that would end the
 * rollout. A file without any section has lost only a rollout that a file began: a service may always have run without one,
 * with CANARY_PERCENT or the admin API.
 */
export function hasLost(
  file: Pick<FileWish, 'isWhole' | 'canary' | 'fingerprint'>,
  { configuration, phase, origin }: Pick<RolloutDocument, 'configuration' | 'phase' | 'origin'>,
): boolean {
  if (file.isWhole || !isUnderWay(phase) || isSectionOf({ configuration }, file)) return false;
  return file.canary === null || origin.by === 'configuration';
}

/** All inputs of the decision about one model's canary share. */
export interface Claims {
  /** The state; `untouched` when there is none. */
  readonly document: RolloutDocument;
  /** False when the registry no longer has the files of the state's stable version. */
  readonly stableExists: boolean;
  /** CANARY_PERCENT for the default model; null for other models, and when it is not set. */
  readonly canaryPercent: number | null;
  readonly file: FileWish;
  /** True while the canary answers users and none of its answers in this step has been compared. */
  readonly unjudged: boolean;
}

/** A rollout that CANARY_PERCENT or the file begins. */
export type Beginning = Omit<StartRequest, 'rolloutId'>;

export interface Verdict {
  readonly decision: ShareDecision;
  /** The current mode. While CANARY_PERCENT is above 0, `auto` becomes `manual`, so that the gates do not act. */
  readonly mode: RolloutMode;
  /** Set when another rollout has to begin; `decision` then describes the state before it. */
  readonly begin: Beginning | null;
}

/**
 * Decides about the canary's share. The sources, highest rank first: a candidate that was rolled back gets no traffic;
 * CANARY_PERCENT=0 holds the share at 0 and changes no state; the state, once an admin, a gate or the ramp has moved
 * it; CANARY_PERCENT above 0; the file. The last two only begin a rollout when no admin, gate or ramp has moved the
 * state. A file whose section has changed begins a new rollout, unless everything that it asks for has already been
 * promoted or rolled back. A file that names a version whose manifest cannot be read begins no rollout: it is unknown
 * whether the section has changed, and a canary cannot be compared without a stable version. There is one exception:
 * when the registry no longer has the state's stable version, the file's stable version replaces it, without a canary.
 * Whatever the source, an unjudged canary gets no more than the share of the step that it is in.
 */
export function whoDecides(claims: Claims): Verdict {
  const { document, canaryPercent } = claims;
  const pinned = canaryPercent !== null && canaryPercent > 0;
  const mode = pinned && document.mode === 'auto' ? 'manual' : document.mode;
  return { decision: shareOf(claims), mode, begin: beginningOf(claims) };
}

function beginningOf(claims: Claims): Beginning | null {
  const { document, canaryPercent, file, stableExists } = claims;
  const wish = wishOf(claims);
  if (document.revision === 0) {
    if (!isReadable(file)) return null;
    const asks = wish.canary !== null && (wish.percent > 0 || wish.mode === 'shadow');
    // The untouched state was made from the file at the start of the process, perhaps from versions without a digest.
    const hasChanged = !isSectionOf(document, file);
    return hasChanged || (asks && canaryPercent !== 0) ? wish : null;
  }
  if (!stableExists && file.stable.digest !== '' && !same(document.stable, file.stable)) {
    return isReadable(file) ? wish : { ...wish, canary: null, percent: 0 };
  }
  if (!isReadable(file) || hasLost(file, document)) return null;
  if (!isSectionOf(document, file)) return isMet(claims) ? null : wish;
  if (document.moved || canaryPercent === 0) return null;
  const { by, canary_percent: percent } = document.origin;
  if (by === 'admin' || by === 'recovery') return null;
  return by === wish.origin.by && percent === wish.origin.canary_percent ? null : wish;
}

/** The rollout that CANARY_PERCENT and the file ask for: the variable gives the share, the file everything else. */
function wishOf({ canaryPercent, file }: Claims): Beginning {
  const { stable, canary, mode, steps, fingerprint: configuration } = file;
  const section = { stable, canary, percent: file.percent, mode, steps };
  const forced = false;
  if (canaryPercent === null || canaryPercent === 0 || file.canary === null) {
    return { ...section, configuration, forced, origin: { by: 'configuration', canary_percent: null } };
  }
  const origin = { by: 'environment', canary_percent: canaryPercent } as const;
  return { ...section, percent: canaryPercent, mode: 'manual', configuration, forced, origin };
}

/** True when the rollout that the changed section asks for has already been decided, so that no rollout begins. */
function isMet({ document, file }: Claims): boolean {
  const { stable, canary, phase, last_good: lastGood } = document;
  if (phase === 'promoted') {
    const asksForIt = same(file.canary, stable) && same(file.stable, lastGood);
    return asksForIt || (file.canary === null && same(file.stable, stable));
  }
  return phase === 'rolled_back' && same(file.canary, canary) && same(file.stable, stable);
}

function shareOf(claims: Claims): ShareDecision {
  const decision = decidedShare(claims);
  const least = leastShareOf(claims.document);
  if (!claims.unjudged || decision.percent <= least) return decision;
  const sentence = `${decision.sentence} It is held at ${least} % while none of the canary's answers is compared.`;
  return { ...decision, percent: least, sentence };
}

/** The least share of the step in force. An admin may have set a share between two steps. */
const leastShareOf = (document: RolloutDocument): number =>
  Math.min(document.percent, document.steps[stepInForce(document)]?.percent ?? document.percent);

function decidedShare({ document, canaryPercent, file }: Claims): ShareDecision {
  const { canary, phase, mode, origin, stable } = document;
  const already = same(file.canary, stable) && file.canary !== null;
  const decision = (
    decided_by: ShareDecision['decided_by'],
    percent: number,
    sentence: string,
  ): ShareDecision => ({ decided_by, percent, sentence, already_promoted: already });

  const bad = document.rolled_back.find((entry) => same(entry, canary));
  if (bad !== undefined) {
    const sentence = `${bad.version} was rolled back at ${bad.at} (${bad.reason}); it gets nothing until clear.`;
    return decision('rolled_back', 0, sentence);
  }
  if (canaryPercent === 0) {
    return decision('canary_percent_0', 0, 'CANARY_PERCENT=0 holds the canary at 0 % while it is set.');
  }
  const serves = isUnderWay(phase) && mode !== 'shadow';
  const percent = serves ? document.percent : 0;
  const promoted = already ? ` ${stable.version}, which is asked for as canary, was promoted already.` : '';
  if (document.moved || origin.by === 'admin' || origin.by === 'recovery') {
    const idle = canaryPercent === null ? '' : ` ${variableSentence(canaryPercent)}`;
    return decision('state', percent, `${stateSentence(document)}${promoted}${idle}`);
  }
  if (origin.by === 'environment') {
    return decision('canary_percent', percent, `CANARY_PERCENT=${origin.canary_percent ?? 0} says so.`);
  }
  const sentence = canary === null ? 'The file names no canary.' : `The file says so.${promoted}`;
  return decision('file', percent, sentence);
}

const variableSentence = (percent: number): string =>
  `CANARY_PERCENT=${percent} begins nothing that somebody has moved; while it is set the gates do not act.`;

function stateSentence({ history, origin }: RolloutDocument): string {
  const last = history.at(-1);
  if (origin.by === 'recovery')
    return 'The state was lost; the canary gets nothing until clear, or until a share is set.';
  if (last === undefined) return 'The state says so.';
  return `The state says so: ${last.move} by ${last.cause.by} at ${last.at} (${last.cause.detail}).`;
}
