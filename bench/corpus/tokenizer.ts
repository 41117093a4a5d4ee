import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';

/** The library's own tokenizer, not the service's: what the bench feeds must not depend on what it measures. */
export function readTokenizer(folder: string): PreTrainedTokenizer {
  const read = (file: string): object => JSON.parse(readFileSync(join(folder, file), 'utf8')) as object;
  return new PreTrainedTokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
}
