import { StartError } from '../../base/errors/start-error.js';

export interface TokenLimitSources {
  /** Of config.json, those that padding takes left out. */
  readonly maxPositions: number | null;
  /** Of tokenizer_config.json; a tokenizer without a limit says 1e30. */
  readonly modelMaxLength: number | null;
  /** `--max-tokens`. */
  readonly wanted: number | null;
}

/** Attention grows with the square of the length: more than this is a choice to be made, not a default. */
const DEFAULT_MOST_TOKENS = 512;

/** transformers writes VERY_LARGE_INTEGER for "no limit". */
const NO_LIMIT = 1e12;

/**
 * The most tokens of one text: the smaller of what the positions and the tokenizer allow, or what is wanted within it.
 * @throws StartError when more is wanted than they allow
 */
export function decideMaxTokens({ maxPositions, modelMaxLength, wanted }: TokenLimitSources): {
  readonly maxTokens: number;
  readonly notes: readonly string[];
} {
  const tokenizerMax = modelMaxLength !== null && modelMaxLength < NO_LIMIT ? modelMaxLength : null;
  const allowed = Math.min(maxPositions ?? Infinity, tokenizerMax ?? Infinity);
  if (wanted !== null) {
    if (wanted <= allowed) return { maxTokens: wanted, notes: [] };
    const which =
      allowed === maxPositions
        ? 'config.json (max_position_embeddings)'
        : 'tokenizer_config.json (model_max_length)';
    throw new StartError(`--max-tokens is ${wanted}, but ${which} allows ${allowed}.`);
  }
  if (allowed <= DEFAULT_MOST_TOKENS) return { maxTokens: allowed, notes: [] };
  const reach = Number.isFinite(allowed)
    ? `the model allows ${allowed}`
    : 'nothing says how many the model allows';
  return {
    maxTokens: DEFAULT_MOST_TOKENS,
    notes: [`texts are cut after ${DEFAULT_MOST_TOKENS} tokens (${reach}); --max-tokens sets another limit`],
  };
}
