import type { AppError } from '../../base/errors/app-error.js';
import { topLabel } from './classified.js';
import type { Answer } from './task.js';
import { type ParityFile, type ParityItem, selectGoldenItems } from '../tokenization/parity.js';

/** How the last replay went. */
export interface ReplayResult {
  /**
   * `degraded`: the labels are right and a score is further from the reference than the tolerance, as another
   * CPU's arithmetic may have it. `down`: tokens or labels are wrong.
   */
  readonly status: 'up' | 'degraded' | 'down' | 'unknown';
  readonly texts: number;
  readonly maxScoreDifference: number | null;
  readonly reason: string | null;
  /** ISO 8601. */
  readonly checkedAt: string | null;
}

/** Nothing has been replayed yet. */
export const UNKNOWN: ReplayResult = {
  status: 'unknown',
  texts: 0,
  maxScoreDifference: null,
  reason: null,
  checkedAt: null,
};

/** Golden texts of one version with what they should come to. */
export interface GoldenSet {
  readonly items: readonly ParityItem[];
  readonly labels: readonly string[];
  /** Most that a score may differ. */
  readonly tolerance: number;
}

/** What a golden text came to, whoever ran it. */
export type GoldenOutcome =
  { readonly ok: true; readonly answer: Answer } | { readonly ok: false; readonly error: AppError };

const TEXTS = 4;

/** Longer texts would make the probe cost more than the requests that it vouches for. */
const MAX_TOKENS = 64;

/** A few short texts of different kinds, always the same. */
export function pickGolden(parity: ParityFile, labels: readonly string[]): GoldenSet {
  const short = parity.items.filter((item) => item.ids.length <= MAX_TOKENS);
  const items =
    short.length > 0 ? selectGoldenItems({ ...parity, items: short }, TEXTS) : parity.items.slice(0, 1);
  return { items, labels, tolerance: parity.tolerance };
}

const largestDifference = (a: readonly number[], b: readonly number[]): number =>
  Math.max(...a.map((score, i) => Math.abs(score - (b[i] ?? 0))));

/** Holds what the workers answered against the reference. */
export function compareWithGolden(
  { items, labels, tolerance }: GoldenSet,
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
    if (labels[topLabel(value)] !== item.label) wrong.push(`${item.group}: not ${item.label}`);
  });
  const texts = items.length;
  if (wrong.length > 0) return { status: 'down', texts, maxScoreDifference, reason: wrong.join('; ') };
  if (maxScoreDifference <= tolerance) return { status: 'up', texts, maxScoreDifference, reason: null };
  const reason = `a score differs by ${maxScoreDifference.toPrecision(2)} from the reference, allowed is ${tolerance}`;
  return { status: 'degraded', texts, maxScoreDifference, reason };
}
