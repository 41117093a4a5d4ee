import type { AppError } from '../../base/errors/app-error.js';
import type { ModelVersion } from '../../registry/model-version.js';
import { topLabel } from './classified.js';
import { isSameSaid, saidInWords } from './table.js';
import type { Answer } from './task.js';
import { type ParityFile, type ParityItem, selectGoldenItems } from '../tokenization/parity.js';

/** The result of the last replay. */
export interface ReplayResult {
  /**
   * `degraded`: the labels are correct, but a score differs from the reference by more than the tolerance, as can
   * happen on another CPU. `down`: tokens or labels are wrong, or a text has no answer.
   */
  readonly status: 'up' | 'degraded' | 'down' | 'unknown';
  readonly texts: number;
  readonly maxScoreDifference: number | null;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly checkedAt: string | null;
}

/** The result before the first replay. */
export const UNKNOWN: ReplayResult = {
  status: 'unknown',
  texts: 0,
  maxScoreDifference: null,
  reason: null,
  checkedAt: null,
};

/** Golden texts of one version with their expected results. */
export interface GoldenSet {
  readonly items: readonly ParityItem[];
  readonly version: ModelVersion;
  /** Maximum difference of a score from the reference. */
  readonly tolerance: number;
}

/** The outcome of a golden text. */
export type GoldenOutcome =
  { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: AppError };

const TEXTS = 4;

/** With longer texts, the probe would cost more than the requests that it checks. */
const MAX_TOKENS = 64;

/** A few short texts of different kinds, always the same. */
export function pickGolden(parity: ParityFile, version: ModelVersion): GoldenSet {
  const short = parity.items.filter((item) => item.ids.length <= MAX_TOKENS);
  const items =
    short.length > 0 ? selectGoldenItems({ ...parity, items: short }, TEXTS) : parity.items.slice(0, 1);
  return { items, version, tolerance: parity.tolerance };
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((score, i) => Math.abs(score - (b[i] ?? 0))));

/**
 * Whether the highest score on record is that of the label on record, by the names of the manifest. A manifest with the
 * labels in another order has every score right, and every answer wrong.
 */
export const hasLabelOnRecord = ({ manifest }: ModelVersion, item: ParityItem): boolean =>
  manifest.labels[topLabel(item)] === item.label;

/** Compares the answers of the workers with the reference. */
export function compareWithGolden(
  { items, version, tolerance }: GoldenSet,
  outcomes: readonly GoldenOutcome[],
): Omit<ReplayResult, 'checkedAt'> {
  let maxScoreDifference = 0;
  const wrong: string[] = [];
  items.forEach((item, i) => {
    const outcome = outcomes[i];
    if (!outcome?.ok) {
      wrong.push(`${item.group}: ${outcome?.error.code ?? 'no answer'}`);
      return;
    }
    const { value, tokens } = outcome.answer;
    maxScoreDifference = Math.max(maxScoreDifference, largestDifference(item.scores, value.scores));
    if (tokens !== item.ids.length)
      wrong.push(`${item.group}: ${tokens} tokens instead of ${item.ids.length}`);
    if (!isSameSaid(version, value, item)) wrong.push(`${item.group}: not ${saidInWords(version, item)}`);
    else if (!hasLabelOnRecord(version, item)) wrong.push(`${item.group}: not ${item.label}`);
  });
  const texts = items.length;
  if (wrong.length > 0) return { status: 'down', texts, maxScoreDifference, reason: wrong.join('; ') };
  if (maxScoreDifference <= tolerance) return { status: 'up', texts, maxScoreDifference, reason: null };
  const reason = `a score differs by ${maxScoreDifference.toPrecision(2)} from the reference, allowed is ${tolerance}`;
  return { status: 'degraded', texts, maxScoreDifference, reason };
}
