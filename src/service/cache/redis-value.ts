import type { CachedRow } from './cached-row.js';

/** Changes with the form of a value; a value of another version reads as a miss. */
const VALUE_VERSION = 1;

/** A row of 1,000 labels takes about 20 KB. What is longer is neither written nor read. */
export const MAX_VALUE_BYTES = 32 * 1024;

/**
 * A row as it lies in Redis: the JSON array `[version, tokens, truncated as 0 or 1, score, score, …]`. JSON writes a
 * number so that reading it gives the same number, to the last bit.
 * @returns null for a row that would not be read back: too long, or with a score that is no number.
 */
export function encodeRow({ scores, tokens, truncated }: CachedRow): string | null {
  if (!scores.every(isScore) || !isTokenCount(tokens)) return null;
  const value = JSON.stringify([VALUE_VERSION, tokens, truncated ? 1 : 0, ...scores]);
  return value.length > MAX_VALUE_BYTES ? null : value;
}

/**
 * Reads what Redis holds, which anybody may have written.
 * @param labels how many scores the version gives.
 * @returns undefined for anything but a row of this version with so many scores.
 */
export function decodeRow(value: unknown, labels: number): CachedRow | undefined {
  if (typeof value !== 'string' || value.length > MAX_VALUE_BYTES) return undefined;
  const items = parseArray(value);
  if (items?.length !== 3 + labels || items[0] !== VALUE_VERSION) return undefined;
  const [, tokens, truncated, ...scores] = items;
  if (!isTokenCount(tokens) || (truncated !== 0 && truncated !== 1) || !scores.every(isScore)) {
    return undefined;
  }
  return { scores, tokens, truncated: truncated === 1 };
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isTokenCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

/** Scores are probabilities. */
const isScore = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
