import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { parseParity } from '../../src/engine/tokenization/parity.js';
import type { Manifest } from '../../src/registry/manifest.js';
import { InputError } from '../base/input-error.js';
import { MODEL_REGISTRY } from '../base/paths.js';
import { MODEL, type Version } from '../base/plan.js';

export function versionFolder(version: Version): string {
  return join(MODEL_REGISTRY, MODEL, version);
}

/** The members of manifest.json that the bench reads. */
export type RunSettings = Pick<Manifest, 'session' | 'batching'>;

/** @throws InputError when the file cannot be read */
export function readRunSettings(folder: string): RunSettings {
  const path = join(folder, 'manifest.json');
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
  } catch (error) {
    throw new InputError(
      `${path} cannot be read (${(error as Error).message}); MODEL_REGISTRY names the folder`,
      {
        cause: error,
      },
    );
  }
}

/** The sentences of the SST-2 dev set that a version ships with. @throws Error when it has none */
export function devSentences(folder: string): string[] {
  const { items } = parseParity(readFileSync(join(folder, 'parity.json')));
  const sentences = items.filter(({ group }) => group === 'dev').map(({ text }) => text);
  if (sentences.length === 0) throw new Error(`${folder}/parity.json has no texts of the group "dev"`);
  return sentences;
}

/** The library's own tokenizer, not the service's: what the bench feeds must not depend on what it measures. */
export function readTokenizer(folder: string): PreTrainedTokenizer {
  const read = (file: string): object => JSON.parse(readFileSync(join(folder, file), 'utf8')) as object;
  return new PreTrainedTokenizer(read('tokenizer.json'), read('tokenizer_config.json'));
}
