import { StartError } from '../../base/errors/start-error.js';
import { isObject, type JsonObject } from './json-object.js';

/**
 * The id of each token, of the model's own vocabulary and of what was added to it.
 * @param model `model` of tokenizer.json
 * @param added `added_tokens` of tokenizer.json
 * @throws StartError when there are none, or an id is no index
 */
export function readVocabulary(model: JsonObject, added: unknown): Map<string, number> {
  const ids = vocabularyOf(model);
  for (const token of Array.isArray(added) ? (added as unknown[]) : []) {
    if (isObject(token) && typeof token.content === 'string') ids.set(token.content, Number(token.id));
  }
  if (ids.size === 0 || [...ids.values()].some((id) => !Number.isSafeInteger(id) || id < 0)) {
    throw new StartError('tokenizer.json: the vocabulary must give each token an id, 0 or more.');
  }
  return ids;
}

function vocabularyOf({ vocab }: JsonObject): Map<string, number> {
  if (!Array.isArray(vocab)) {
    const entries = isObject(vocab) ? Object.entries(vocab) : [];
    return new Map(entries.map(([token, id]) => [token, Number(id)]));
  }
  // Unigram lists its pieces with their scores; the place is the id.
  return new Map(vocab.map((entry: unknown, id) => [String(Array.isArray(entry) ? entry[0] : entry), id]));
}
