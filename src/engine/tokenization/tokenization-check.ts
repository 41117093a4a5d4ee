import type { ParityItem } from './parity.js';
import type { TextTokenizer } from './text-tokenizer.js';

/** A golden text with another result than the reference, without the text itself. */
export interface TokenMismatch {
  readonly group: string;
  /** UTF-16 units. */
  readonly textLength: number;
  readonly expectedTokens: number;
  readonly tokens: number;
  /** Index of the first id that differs. */
  readonly firstDifference: number;
  readonly expectedTruncated: boolean;
  readonly truncated: boolean;
}

/** The result of tokenizing the golden texts. `reason`: why they could not be tokenized. */
export interface TokenizationCheck {
  readonly status: 'up' | 'down';
  readonly texts: number;
  readonly mismatches: number;
  readonly firstMismatch: TokenMismatch | null;
  readonly reason: string | null;
}

/** The part of a tokenizer that the check uses. */
type Encoder = Pick<TextTokenizer, 'encode'>;

/** Tokenizes golden texts, and compares ids and truncation with those of the reference. */
export function checkTokenizer(tokenizer: Encoder, items: readonly ParityItem[]): TokenizationCheck {
  const mismatches = items.map((item) => compare(tokenizer, item)).filter((found) => found !== null);
  return {
    status: mismatches.length === 0 ? 'up' : 'down',
    texts: items.length,
    mismatches: mismatches.length,
    firstMismatch: mismatches[0] ?? null,
    reason: null,
  };
}

function compare(tokenizer: Encoder, item: ParityItem): TokenMismatch | null {
  const { ids, truncated } = tokenizer.encode(item.text);
  const length = Math.max(ids.length, item.ids.length);
  let firstDifference = 0;
  while (firstDifference < length && ids[firstDifference] === item.ids[firstDifference]) firstDifference++;
  if (firstDifference === length && truncated === item.truncated) return null;
  return {
    group: item.group,
    textLength: item.text.length,
    expectedTokens: item.ids.length,
    tokens: ids.length,
    firstDifference,
    expectedTruncated: item.truncated,
    truncated,
  };
}
