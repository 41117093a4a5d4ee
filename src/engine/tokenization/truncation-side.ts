import { isJsonObject, type JsonObject } from '../../base/json-object.js';

/** The side on which Python cuts a long text, and the entry that says so. */
export interface NamedSide {
  readonly side: 'left' | 'right';
  /** Null: no file says it. */
  readonly source: string | null;
}

/**
 * The side on which transformers cuts: `truncation_side` of tokenizer_config.json, and without it
 * `truncation.direction` of tokenizer.json, and without that the right (measured with transformers 4.57.6 and 5.24.0).
 * The other fields of `truncation` do not count there: the caller's length is used, and a strategy or a stride changes
 * nothing for a single text.
 */
export function truncationSideOf(tokenizer: JsonObject, config: JsonObject): NamedSide {
  const { truncation_side: side } = config;
  if (side !== undefined) {
    return {
      side: side === 'left' ? 'left' : 'right',
      source: `${JSON.stringify(side)} in tokenizer_config.json`,
    };
  }
  const direction = isJsonObject(tokenizer.truncation) ? tokenizer.truncation.direction : undefined;
  if (direction === undefined) return { side: 'right', source: null };
  return {
    side: direction === 'Left' ? 'left' : 'right',
    source: `${JSON.stringify(direction)} in tokenizer.json (truncation.direction)`,
  };
}
