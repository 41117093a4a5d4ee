import type { ModelVersion } from '../../registry/model-version.js';
import { readVerified } from '../../registry/registry-files.js';
import { TextTokenizer } from './text-tokenizer.js';

/**
 * Loads the same tokenizer that the service's workers use. For files, this process tokenizes each text once: the
 * batches depend on the exact lengths of the texts, and the workers get the ids.
 * @throws Error with a sentence when a file is missing or does not match its digest
 */
export async function loadTokenizer(version: ModelVersion): Promise<TextTokenizer> {
  const [tokenizerJson, tokenizerConfigJson] = await Promise.all([
    readVerified(version, 'tokenizer.json'),
    readVerified(version, 'tokenizer_config.json'),
  ]);
  const { max_tokens: maxTokens, truncation_side: truncationSide } = version.manifest;
  return TextTokenizer.fromFiles({ tokenizerJson, tokenizerConfigJson }, { maxTokens, truncationSide });
}
