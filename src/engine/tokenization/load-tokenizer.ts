import type { ModelVersion } from '../../registry/model-version.js';
import { readVerified } from '../../registry/registry-files.js';
import { TextTokenizer } from './text-tokenizer.js';

/**
 * The tokenizer that the service's workers run. Files are tokenized in this process, once: the exact length of each
 * text decides about batches, and the workers are given the ids.
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
