import { TASK_TRAITS } from './tasks.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccuracyRecord, Manifest } from './manifest.js';
import type { ModelVersion } from './model-version.js';
import { isJsonObject } from '../base/json-object.js';

/**
 * The acceptance record beside manifest.json. The manifest does not list it, because the record contains the manifest's
 * digest.
 */
export const ACCEPTANCE_FILE = 'acceptance.json';

/** Whether a version may get traffic, and why. */
export interface Acceptance {
  readonly accepted: boolean;
  /** A sentence about "it", without its full stop. */
  readonly reason: string;
  /** The recorded accuracy: the manifest's, else the one in the acceptance record of these files. */
  readonly accuracy: AccuracyRecord | null;
}

type Evidence = Pick<ModelVersion, 'model' | 'version' | 'digest' | 'manifest'>;

/**
 * Decides whether a version is accepted. A record about exactly these files decides. Without one, a manifest that
 * contains an accuracy is enough.
 * @param record null when there is none; an Error when it cannot be read, and the version is then not accepted
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

/** The advice of a refusal; it continues a sentence about "it". A rollout adds another way to use the version. */
function remedyOf(model: string, version: string, { task, pipeline }: Manifest): string {
  const byHand = `cannot judge it: measure it yourself, and take it with "serin canary set ${model} --version ${version} --percent N --force"`;
  if (pipeline !== undefined) return `serin evaluate knows versions with a network only and ${byHand}`;
  return TASK_TRAITS[task].severalLabels
    ? `serin evaluate knows one label per text only and ${byHand}`
    : `evaluate it with "serin evaluate ${model}/${version} --against VERSION --data FILE --record" (a first version: --min-accuracy SHARE in place of --against)`;
}

function accuracyOf({ data, figures }: AcceptanceRecord): AccuracyRecord {
  const { accuracy, interval_95 } = figures;
  return { data_set: data.name, n: data.n, correct: Math.round(accuracy * data.n), accuracy, interval_95 };
}

/**
 * Decides from the current files in the version's folder, so a record written while the service runs applies at once.
 */
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

/**
 * The figures of a version, compared with another version on the same texts, as `serin evaluate --record` measured
 * them.
 */
export interface AcceptanceFigures {
  readonly accuracy: number;
  readonly interval_95: readonly [number, number];
  /** Percentage points of accuracy lost against the other version; null without another version. */
  readonly accuracy_drop_points: number | null;
  readonly drop_interval_95_points: readonly [number, number] | null;
  readonly mcnemar_p: number | null;
  readonly macro_f1: number | null;
  readonly calibration_error: number;
  readonly brier_score: number;
  readonly batch_label_flips: number;
  readonly batch_max_score_change: number;
  readonly parity_max_score_difference: number | null;
}

/** The limits that a version had to meet. */
export interface AcceptanceLimits {
  /** Null without a version to compare with. */
  readonly max_accuracy_drop_points: number | null;
  readonly min_accuracy: number | null;
  /** Whether the bounds of the confidence intervals, and not only the estimates, had to be within the limits. */
  readonly confident: boolean;
  readonly max_batch_label_flips: number;
}

/** acceptance.json, beside the manifest: the verdict of `serin evaluate --record` about one version. */
export interface AcceptanceRecord {
  readonly schema_version: 1;
  readonly model: string;
  readonly version: string;
  /** sha256 of the evaluated manifest.json, hex: the record applies only to these files. */
  readonly manifest_sha256: string;
  readonly decision: 'accepted' | 'refused';
  /** The reasons of a refusal, one sentence each; empty when the version is accepted. */
  readonly reasons: readonly string[];
  /** `alone`: its answers depend on the other texts of a batch, so the manifest makes it run one text at a time. */
  readonly runs: 'batched' | 'alone';
  readonly against: { readonly version: string; readonly manifest_sha256: string } | null;
  readonly data: {
    readonly name: string;
    /** sha256 of the uncompressed content, hex. */
    readonly sha256: string;
    /** Number of texts that were evaluated. */
    readonly n: number;
    /** Number of texts in the file. */
    readonly rows: number;
    /** Number of lines of the file; absent in records of older releases. */
    readonly lines?: number;
  };
  readonly limits: AcceptanceLimits;
  readonly figures: AcceptanceFigures;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly serin: string;
  /** ISO 8601. */
  readonly at: string;
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isDigest = (value: unknown): boolean => isString(value) && /^[0-9a-f]{64}$/.test(value);

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isInterval = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isShare);

type Rule = readonly [field: keyof AcceptanceRecord, holds: (value: unknown) => boolean, wanted: string];

/** Checks of the fields that the registry uses; the other fields are for people. */
const RULES: readonly Rule[] = [
  ['schema_version', (value) => value === 1, '1: this release reads no other'],
  ['model', isString, 'a string'],
  ['version', isString, 'a string'],
  ['manifest_sha256', isDigest, '64 hexadecimal digits in lower case'],
  ['decision', (value) => value === 'accepted' || value === 'refused', 'accepted or refused'],
  ['reasons', (value) => Array.isArray(value) && value.every(isString), 'a list of strings'],
  ['runs', (value) => value === 'batched' || value === 'alone', 'batched or alone'],
  [
    'data',
    (value) => isJsonObject(value) && isString(value.name) && Number.isInteger(value.n),
    'an object with a name and n, the number of texts',
  ],
  [
    'figures',
    (value) => isJsonObject(value) && isShare(value.accuracy) && isInterval(value.interval_95),
    'an object with accuracy, 0 to 1, and interval_95, its lower and upper bound',
  ],
  ['at', (value) => isString(value) && !Number.isNaN(Date.parse(value)), 'a time in ISO 8601'],
];

/**
 * Reads an acceptance record.
 * @throws Error with a sentence that names the field at fault
 */
export function parseAcceptance(json: string): AcceptanceRecord {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new Error('acceptance.json is not JSON');
  }
  if (!isJsonObject(value)) throw new Error('acceptance.json must hold a JSON object');
  for (const [field, holds, wanted] of RULES) {
    if (!holds(value[field])) throw new Error(`acceptance.json: ${field} must be ${wanted}`);
  }
  return value as unknown as AcceptanceRecord;
}
