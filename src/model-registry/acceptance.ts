import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAcceptance, type AcceptanceRecord } from './acceptance-record.js';
import type { ModelVersion } from './model-version.js';

/** The record beside manifest.json. It is no file of the version: it names the manifest's digest. */
export const ACCEPTANCE_FILE = 'acceptance.json';

/** Whether a version may get traffic, and why. */
export interface Acceptance {
  readonly accepted: boolean;
  /** A sentence without its final stop, about "it". */
  readonly reason: string;
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
  const remedy = `evaluate it with "serin evaluate ${model}/${version} --data FILE --record"`;
  if (record instanceof Error) {
    return { accepted: false, reason: `its record cannot be used (${record.message}); ${remedy}` };
  }
  const isAbout = record?.manifest_sha256 === digest;
  if (record !== null && isAbout) {
    const when = `at ${record.at} on ${record.data.name}`;
    if (record.decision === 'accepted')
      return { accepted: true, reason: `it was evaluated and accepted ${when}` };
    const why = record.reasons.join('; ');
    return { accepted: false, reason: `it was evaluated and refused ${when}: ${why}; mend it and ${remedy}` };
  }
  const stale = record === null ? '' : ' (its acceptance.json is about another manifest and does not count)';
  if (manifest.accuracy !== undefined) {
    return { accepted: true, reason: `its manifest has its accuracy on record${stale}` };
  }
  return { accepted: false, reason: `it has no accuracy on record${stale}; ${remedy}` };
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
