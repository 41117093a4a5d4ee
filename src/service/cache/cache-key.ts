import { hash } from 'node:crypto';
import type { ModelVersion } from '../../registry/model-version.js';
import { FIRST_WINDOW, isFirstWindow, type View } from '../../engine/view.js';
import type { CacheKey } from './second-level.js';

/**
 * Version of the code that turns a model's files and a text into an answer. Change it with every code change that
 * changes answers: in the tokenizer, in the task's post-processing, or in the runtime.
 */
const KEY_FORMAT = 'serin/2';

/**
 * The cache key of a text under a view. Options such as `top_k` are applied to the cached scores, so they are not part
 * of the key. The digest covers the manifest, which holds the digest of every file: new files under an old version name
 * get new keys.
 * @param text well-formed, so that no two texts have the same UTF-8 bytes
 */
export function cacheKeyOf(version: ModelVersion, text: string, view: View = FIRST_WINDOW): CacheKey {
  // The format and the digest contain no line break, and the text comes last, so the joined string is unambiguous.
  const format = isFirstWindow(view) ? KEY_FORMAT : `${KEY_FORMAT} ${view.windows} ${view.max}`;
  return { id: hash('sha256', `${format}\n${version.digest}\n${text}`, 'hex'), version };
}
