import type { RolloutMode } from '../base/config/rollout-config.js';
import { isSameCandidate as same } from './candidate.js';
import type { StartRequest } from './rollout-machine.js';
import type { PlanStep, RolloutDocument, ShareDecision, VersionRef } from './rollout-types.js';

/** What the file says about one model, with the digests of its versions. */
export interface FileWish {
  readonly stable: VersionRef;
  readonly canary: VersionRef | null;
  readonly percent: number;
  readonly mode: RolloutMode;
  readonly steps: readonly PlanStep[];
  /** Equal exactly when what the section asks for and the digests of its versions are. */
  readonly fingerprint: string;
}

/**
 * False when a manifest that the section names cannot be read: its digest is empty then, and the fingerprint says nothing
 * about whether the section has changed.
 */
export const isReadable = ({ stable, canary }: Pick<FileWish, 'stable' | 'canary'>): boolean =>
  stable.digest !== '' && canary?.digest !== '';

/** Whether this is the section that the state took into account last. */
export const isSectionOf = (
  { configuration }: Pick<RolloutDocument, 'configuration'>,
  { fingerprint }: Pick<FileWish, 'fingerprint'>,
): boolean => configuration === fingerprint;

/** Everybody who may have a say about one model. */
export interface Claims {
  /** The state; `untouched` when there is none. */
  readonly document: RolloutDocument;
  /** False when the registry no longer has the files of the state's stable version. */
  readonly stableExists: boolean;
  /** CANARY_PERCENT, for the default model; null for others and when it is not set. */
  readonly canaryPercent: number | null;
  readonly file: FileWish;
}

/** A rollout that variable or file begin. */
export type Beginning = Omit<StartRequest, 'rolloutId'>;

export interface Verdict {
  readonly decision: ShareDecision;
  /** In force now: CANARY_PERCENT above 0 keeps the gates from acting. */
  readonly mode: RolloutMode;
  /** Set when another rollout has to begin; `decision` speaks of the state before it. */
  readonly begin: Beginning | null;
}

/**
 * Who decides about the canary's share, highest first: a candidate that was rolled back gets nothing; CANARY_PERCENT=0
 * holds everything at 0 and marks nothing; the state, once an admin, a gate or the ramp has moved it; CANARY_PERCENT
 * above 0; the file. The last two only begin a rollout that nobody has moved yet; a file whose section has changed
 * begins a new one, unless all that it asks for has been promoted, or rolled back, already. A file that names a version
 * whose manifest cannot be read begins nothing: nobody can say whether it has changed, and a canary without a stable
 * version could not be compared. Only where the state's stable version is gone as well, the file's takes over, alone.
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
    // Since the start: what nobody has moved is made of the file as it was then, perhaps of versions without a digest.
    const hasChanged = !isSectionOf(document, file);
    return hasChanged || (asks && canaryPercent !== 0) ? wish : null;
  }
  if (!stableExists && file.stable.digest !== '' && !same(document.stable, file.stable)) {
    return isReadable(file) ? wish : { ...wish, canary: null, percent: 0 };
  }
  if (!isReadable(file)) return null;
  if (!isSectionOf(document, file)) return isMet(claims) ? null : wish;
  if (document.moved || canaryPercent === 0) return null;
  const { by, canary_percent: percent } = document.origin;
  if (by === 'admin' || by === 'recovery') return null;
  return by === wish.origin.by && percent === wish.origin.canary_percent ? null : wish;
}

/** What variable and file ask for together: the variable knows a share, the file everything else. */
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

/** True when there is nothing to begin: what the changed section asks for was decided before. */
function isMet({ document, file }: Claims): boolean {
  const { stable, canary, phase, last_good: lastGood } = document;
  if (phase === 'promoted') {
    const asksForIt = same(file.canary, stable) && same(file.stable, lastGood);
    return asksForIt || (file.canary === null && same(file.stable, stable));
  }
  return phase === 'rolled_back' && same(file.canary, canary) && same(file.stable, stable);
}

function shareOf({ document, canaryPercent, file }: Claims): ShareDecision {
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
  const serves = (phase === 'running' || phase === 'paused') && mode !== 'shadow';
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
