import type { Span } from '../view.js';
import type { Classified } from './classified.js';
import type { Answer, Codec } from './task.js';

/**
 * Version numbers of the format; increase them when the format changes. A value with another number is a cache miss.
 */
const ONE_WINDOW = 1;
const SEVERAL_WINDOWS = 2;

/** An answer of 1,000 labels takes about 20 KB. Longer values are neither written nor read. */
export const MAX_VALUE_BYTES = 32 * 1024;

const SCORE_BYTES = 8;
/** An object of two integers and the reference to it; after decoding, each label has its own object. */
const SPAN_BYTES = 48;

/**
 * The format of an answer in Redis: the JSON array `[1, tokens, truncated as 0 or 1, score, score, …]`, or, for a text
 * of several windows, `[2, tokens, truncated, [score, …], [start, end, start, …]]` with the window of each score. A
 * number that is written and read as JSON is identical to the last bit.
 */
export const LABEL_CODEC: Codec = {
  bytes: ({ scores, spans }) => SCORE_BYTES * scores.length + SPAN_BYTES * (spans?.length ?? 0),

  encode({ value: { scores, spans }, tokens, truncated }) {
    if (!scores.every(isScore) || !isTokens(tokens)) return null;
    const cut = truncated ? 1 : 0;
    const text = JSON.stringify(
      spans === undefined
        ? [ONE_WINDOW, tokens, cut, ...scores]
        : [SEVERAL_WINDOWS, tokens, cut, scores, spans.flatMap(({ start, end }) => [start, end])],
    );
    return text.length > MAX_VALUE_BYTES ? null : text;
  },

  decode(text, { labels, maxTokens }) {
    const items = text.length > MAX_VALUE_BYTES ? undefined : parseArray(text);
    const value = items && valueOf(items, labels.length);
    if (items === undefined || value === undefined) return undefined;
    const [version, tokens, truncated] = items;
    if (!isTokens(tokens) || (truncated !== 0 && truncated !== 1)) return undefined;
    if (version === ONE_WINDOW && maxTokens !== null && tokens > maxTokens) return undefined;
    return { value, tokens, truncated: truncated === 1 } satisfies Answer;
  },
};

function valueOf(items: readonly unknown[], labels: number): Classified | undefined {
  const [version, , , ...rest] = items;
  if (version === ONE_WINDOW) {
    return rest.length === labels && rest.every(isScore) ? { scores: rest } : undefined;
  }
  const [scores, borders] = rest;
  if (version !== SEVERAL_WINDOWS || rest.length !== 2) return undefined;
  if (!Array.isArray(scores) || scores.length !== labels || !scores.every(isScore)) return undefined;
  if (!Array.isArray(borders) || borders.length !== 2 * labels || !borders.every(isCount)) return undefined;
  const spans = scores.map((_, k): Span => ({ start: borders[2 * k] ?? 0, end: borders[2 * k + 1] ?? 0 }));
  return spans.every(({ start, end }) => start <= end) ? { scores, spans } : undefined;
}

function parseArray(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** A text without tokens has no answer. */
const isTokens = (value: unknown): value is number => isCount(value) && value > 0;

/** Scores are probabilities. */
const isScore = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1;
