import { truncationSideOf } from '../../engine/tokenization/truncation-side.js';
import { StartError } from '../../base/errors/start-error.js';
import { parseJsonObject } from './json-object.js';
import { isJsonObject, type JsonObject } from '../../base/json-object.js';
import { hasOwnStages, type TokenizerJson } from '../../engine/tokenization/tokenizer/pipeline.js';

/** The fields that are read from tokenizer.json and tokenizer_config.json. */
export interface ExportedTokenizer {
  /** WordPiece, BPE, Unigram or WordLevel. */
  readonly kind: string;
  /** True where each stage is Serin's own, whose ids are those of the Rust crate; others are the library's. */
  readonly isExact: boolean;
  /** Number of distinct ids. */
  readonly entries: number;
  readonly largestId: number;
  /** The token that has the largest id. */
  readonly largestToken: string;
  readonly modelMaxLength: number | null;
  readonly truncationSide: 'left' | 'right';
  /** Id of the padding token; null where none is named. */
  readonly padTokenId: number | null;
}

const SPECIAL = ['unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token', 'bos_token', 'eos_token'];

/** @throws StartError when a file is not what transformers writes, or a special token has no id */
export function readExportedTokenizer(tokenizerJson: Uint8Array, configJson: Uint8Array): ExportedTokenizer {
  const tokenizer = parseJsonObject('tokenizer.json', tokenizerJson);
  const config = parseJsonObject('tokenizer_config.json', configJson);
  const model = tokenizer.model;
  if (!isJsonObject(model)) {
    throw new StartError(
      'tokenizer.json has no model: it must be the file that save_pretrained writes for a fast tokenizer.',
    );
  }
  const ids = readVocabulary(model, tokenizer.added_tokens);
  let [largestToken, largestId] = ['', -1];
  for (const [token, id] of ids) if (id > largestId) [largestToken, largestId] = [token, id];
  for (const name of SPECIAL) {
    const token = contentOf(config[name]);
    if (token === null || ids.has(token)) continue;
    throw new StartError(
      `tokenizer_config.json names ${JSON.stringify(token)} as ${name}, which tokenizer.json does not have: the two are of different tokenizers.`,
    );
  }
  const { model_max_length: max, pad_token: padToken } = config;
  const kind = typeof model.type === 'string' ? model.type : 'unknown';
  return {
    kind,
    isExact: isExact(tokenizer as unknown as TokenizerJson),
    entries: new Set(ids.values()).size,
    largestId,
    largestToken,
    modelMaxLength: typeof max === 'number' && max > 0 ? max : null,
    truncationSide: truncationSideOf(tokenizer, config).side,
    padTokenId: ids.get(contentOf(padToken) ?? '') ?? null,
  };
}

/** @throws StartError when a stage is damaged, or has something that is not supported */
function isExact(tokenizer: TokenizerJson): boolean {
  try {
    return hasOwnStages(tokenizer);
  } catch (error) {
    throw new StartError(`${(error as Error).message}.`, { cause: error });
  }
}

/** A special token is written as its text, or as an object with it. */
function contentOf(token: unknown): string | null {
  if (typeof token === 'string') return token;
  return isJsonObject(token) && typeof token.content === 'string' ? token.content : null;
}

/**
 * The id of each token, of the model's own vocabulary and of what was added to it.
 * @param model `model` of tokenizer.json
 * @param added `added_tokens` of tokenizer.json
 * @throws StartError when there are none, or an id is no index
 */
function readVocabulary(model: JsonObject, added: unknown): Map<string, number> {
  const ids = vocabularyOf(model);
  for (const token of Array.isArray(added) ? (added as unknown[]) : []) {
    if (isJsonObject(token) && typeof token.content === 'string') ids.set(token.content, Number(token.id));
  }
  if (ids.size === 0 || [...ids.values()].some((id) => !Number.isSafeInteger(id) || id < 0)) {
    throw new StartError('tokenizer.json: the vocabulary must give each token an id, 0 or more.');
  }
  return ids;
}

function vocabularyOf({ vocab }: JsonObject): Map<string, number> {
  if (!Array.isArray(vocab)) {
    const entries = isJsonObject(vocab) ? Object.entries(vocab) : [];
    return new Map(entries.map(([token, id]) => [token, Number(id)]));
  }
  // Unigram lists its pieces with their scores; the place is the id.
  return new Map(vocab.map((entry: unknown, id) => [String(Array.isArray(entry) ? entry[0] : entry), id]));
}
