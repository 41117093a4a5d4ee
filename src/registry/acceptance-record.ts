/** How figures of two versions on the same texts compare, as `serin evaluate --record` found them. */
export interface AcceptanceFigures {
  readonly accuracy: number;
  readonly interval_95: readonly [number, number];
  /** Points of accuracy lost against the other version; null without one. */
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

/** What a version had to reach. */
export interface AcceptanceLimits {
  /** Null without a version to compare with. */
  readonly max_accuracy_drop_points: number | null;
  readonly min_accuracy: number | null;
  /** Whether the bounds of the intervals had to be within the limits, not only the estimates. */
  readonly confident: boolean;
  readonly max_batch_label_flips: number;
}

/** acceptance.json, beside the manifest: the verdict of `serin evaluate --record` about one version. */
export interface AcceptanceRecord {
  readonly schema_version: 1;
  readonly model: string;
  readonly version: string;
  /** Of manifest.json as it was evaluated, hex: the record counts for these files alone. */
  readonly manifest_sha256: string;
  readonly decision: 'accepted' | 'refused';
  /** Why it is refused, a sentence each; empty when it is accepted. */
  readonly reasons: readonly string[];
  /** `alone`: its answers depend on the texts beside them, and the manifest makes it run one text at a time. */
  readonly runs: 'batched' | 'alone';
  readonly against: { readonly version: string; readonly manifest_sha256: string } | null;
  readonly data: {
    readonly name: string;
    /** Of the uncompressed content, hex. */
    readonly sha256: string;
    /** Texts that were evaluated. */
    readonly n: number;
    /** Texts that the file holds. */
    readonly rows: number;
  };
  readonly limits: AcceptanceLimits;
  readonly figures: AcceptanceFigures;
  readonly machine: Readonly<Record<string, unknown>>;
  readonly serin: string;
  /** ISO 8601. */
  readonly at: string;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isString = (value: unknown): value is string => typeof value === 'string';
const isDigest = (value: unknown): boolean => isString(value) && /^[0-9a-f]{64}$/.test(value);

const isShare = (value: unknown): boolean => typeof value === 'number' && value >= 0 && value <= 1;
const isInterval = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every(isShare);

type Rule = readonly [field: keyof AcceptanceRecord, holds: (value: unknown) => boolean, wanted: string];

/** What the registry decides by; the rest is for people. */
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
    (value) => isObject(value) && isString(value.name) && Number.isInteger(value.n),
    'an object with a name and n, the number of texts',
  ],
  [
    'figures',
    (value) => isObject(value) && isShare(value.accuracy) && isInterval(value.interval_95),
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
  if (!isObject(value)) throw new Error('acceptance.json must hold a JSON object');
  for (const [field, holds, wanted] of RULES) {
    if (!holds(value[field])) throw new Error(`acceptance.json: ${field} must be ${wanted}`);
  }
  return value as unknown as AcceptanceRecord;
}
