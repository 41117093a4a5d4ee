import { hash } from 'node:crypto';
import type { ModelVersion } from '../../registry/model-version.js';
import { FIRST_WINDOW, isFirstWindow, type View } from '../../engine/view.js';
import type { CacheKey } from './second-level.js';

/**
 * Names the rules by which an answer follows from a version's files and a text. To be changed whenever a change of
 * our code changes answers: the tokenizer, the task's post-processing, the runtime.
 */
const KEY_FORMAT = 'serin/1';

/**
 * The key of the answer about a text under a view. What a request asks beside it (`top_k`) is applied to the kept
 * scores, so it is no part of the key. The digest covers the manifest, which names the digest of each file: new files under an old
 * version name have other keys.
 * @param text well-formed, so that no two texts have the same UTF-8 bytes
 */
export function cacheKeyOf(version: ModelVersion, text: string, view: View = FIRST_WINDOW): CacheKey {
  // Neither the format nor the digest holds a line break, and the text comes last: there is one way to read it.
  const format = isFirstWindow(view) ? KEY_FORMAT : `${KEY_FORMAT} ${view.windows} ${view.max}`;
  return { id: hash('sha256', `${format}\n${version.digest}\n${text}`, 'hex'), version };
}
