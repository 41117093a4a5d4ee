import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../../src/registry/manifest.js';
import { parseParity, type ParityFile } from '../../../../src/engine/tokenization/parity.js';
import { TextTokenizer } from '../../../../src/engine/tokenization/text-tokenizer.js';
import { estimateTokens } from '../../../../src/engine/tokenization/token-estimate.js';
import { checkTokenizer } from '../../../../src/engine/tokenization/tokenization-check.js';

const registry = new URL('../../../../model-registry/', import.meta.url);

describe.each(['sentiment/v1', 'sentiment/v2'])('the tokenizer of %s', (folder) => {
  let parity: ParityFile;
  let tokenizer: TextTokenizer;

  beforeAll(async () => {
    const read = (file: string): Buffer => readFileSync(new URL(`${folder}/${file}`, registry));
    const manifest = JSON.parse(read('manifest.json').toString()) as Manifest;
    parity = parseParity(read('parity.json'));
    tokenizer = await TextTokenizer.fromFiles(
      { tokenizerJson: read('tokenizer.json'), tokenizerConfigJson: read('tokenizer_config.json') },
      { maxTokens: manifest.max_tokens, truncationSide: manifest.truncation_side },
    );
  });

  it('gives the ids of the reference for every golden text', () => {
    expect(parity.items.length).toBeGreaterThanOrEqual(1000);
    expect(checkTokenizer(tokenizer, parity.items)).toEqual({
      status: 'up',
      texts: parity.items.length,
      mismatches: 0,
      firstMismatch: null,
      reason: null,
    });
  });

  it('has some that are cut, and some that are not', () => {
    const cut = parity.items.filter(({ text }) => tokenizer.encode(text).truncated).length;
    expect(cut).toBeGreaterThan(0);
    expect(cut).toBeLessThan(parity.items.length);
  });

  it('is estimated within two tokens on average over the dev sentences', () => {
    const dev = parity.items.filter(({ group }) => group === 'dev');
    const errors = dev.map(({ text, ids }) => Math.abs(estimateTokens(text, 256) - ids.length));
    expect(errors.reduce((sum, error) => sum + error, 0) / dev.length).toBeLessThan(2);
  });
});
