import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAcceptance, type AcceptanceRecord } from './acceptance-record.js';
import type { AccuracyRecord, Manifest } from './manifest.js';
import type { ModelVersion } from './model-version.js';

/** The record beside manifest.json. It is no file of the version: it names the manifest's digest. */
export const ACCEPTANCE_FILE = 'acceptance.json';

/** Whether a version may get traffic, and why. */
export interface Acceptance {
  readonly accepted: boolean;
  /** A sentence without its final stop, about "it". */
  readonly reason: string;
  /** The accuracy on record: the manifest's, else the one that the record about these files was made with. */
  readonly accuracy: AccuracyRecord | null;
}

type Evidence = Pick<ModelVersion, 'model' | 'version' | 'digest' | 'manifest'>;

/**
 * The verdict on a version: a record about these very files decides; without one, a manifest with an accuracy on
 * record is enough.
 * @param record null when there is none; an Error when it cannot be read, which is no reason to accept
 */
export function judgeAcceptance(
  { model, version, digest, manifest }: Evidence,
  record: AcceptanceRecord | Error | null,
): Acceptance {
  const isAbout = record !== null && !(record instanceof Error) && record.manifest_sha256 === digest;
  const accuracy = manifest.accuracy ?? (isAbout ? accuracyOf(record) : null);
  const remedy = remedyOf(model, version, manifest);
  if (record instanceof Error) {
    return { accepted: false, reason: `its record cannot be used (${record.message}); ${remedy}`, accuracy };
  }
  if (isAbout) {
    const when = `at ${record.at} on ${record.data.name}`;
    if (record.decision === 'accepted')
      return { accepted: true, reason: `it was evaluated and accepted ${when}`, accuracy };
    const why = record.reasons.join('; ');
    const reason = `it was evaluated and refused ${when}: ${why}; mend it and ${remedy}`;
    return { accepted: false, reason, accuracy };
  }
  const stale = record === null ? '' : ' (its acceptance.json is about another manifest and does not count)';
  if (manifest.accuracy !== undefined) {
    return { accepted: true, reason: `its manifest has its accuracy on record${stale}`, accuracy };
  }
  return { accepted: false, reason: `it has no accuracy on record${stale}; ${remedy}`, accuracy };
}

/** Continues a sentence about "it"; a rollout adds how else it may be taken. */
function remedyOf(model: string, version: string, { task }: Pick<Manifest, 'task'>): string {
  return task === 'multi-label-classification'
    ? `serin evaluate knows one label per text only and cannot judge it: measure it yourself, and take it with "serin canary set ${model} --version ${version} --percent N --force"`
    : `evaluate it with "serin evaluate ${model}/${version} --against VERSION --data FILE --record" (a first version: --min-accuracy SHARE in place of --against)`;
}

function accuracyOf({ data, figures }: AcceptanceRecord): AccuracyRecord {
  const { accuracy, interval_95 } = figures;
  return { data_set: data.name, n: data.n, correct: Math.round(accuracy * data.n), accuracy, interval_95 };
}

/** The verdict on a version by what lies in its folder now; a record written while the service runs counts at once. */
export function readAcceptance(version: ModelVersion): Acceptance {
  return judgeAcceptance(version, readRecord(version));
}

function readRecord({ folder }: ModelVersion): AcceptanceRecord | Error | null {
  let json: string;
  try {
    json = readFileSync(join(folder, ACCEPTANCE_FILE), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? null : new Error(`acceptance.json cannot be read: ${String(code)}`);
  }
  try {
    return parseAcceptance(json);
  } catch (error) {
    return error as Error;
  }
}
