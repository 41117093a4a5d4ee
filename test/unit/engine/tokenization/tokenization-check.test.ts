import { describe, expect, it } from 'vitest';
import type { ModelVersion } from '../../../../src/registry/model-version.js';
import type { ModelRegistryService } from '../../../../src/service/model-registry/model-registry.service.js';
import { checkTokenizer } from '../../../../src/engine/tokenization/tokenization-check.js';
import { TokenizationService } from '../../../../src/service/tokenization/tokenization.service.js';
import { id, smallTokenizer, tokenizerJson } from './small-tokenizer.js';

const golden = (text: string, ids: readonly number[], truncated = false) => ({
  text,
  group: 'latin',
  ids,
  truncated,
  label: 'POSITIVE',
  scores: [0, 1],
});
const film = golden('film', [id('[CLS]'), id('film'), id('[SEP]')]);

describe('checkTokenizer', () => {
  it('is up when every text has its ids', async () => {
    const result = checkTokenizer(await smallTokenizer(), [film, film]);
    expect(result).toEqual({ status: 'up', texts: 2, mismatches: 0, firstMismatch: null, reason: null });
  });

  it('is down with the place of the first difference, and without the text', async () => {
    const tokenizer = await smallTokenizer();
    const wrong = golden('good film', [id('[CLS]'), id('good'), id('un'), id('[SEP]')]);
    const result = checkTokenizer(tokenizer, [film, wrong, { ...film, truncated: true }]);
    expect(result).toMatchObject({ status: 'down', texts: 3, mismatches: 2 });
    expect(result.firstMismatch).toEqual({
      group: 'latin',
      textLength: 9,
      expectedTokens: 4,
      tokens: 4,
      firstDifference: 2,
      expectedTruncated: false,
      truncated: false,
    });
    expect(JSON.stringify(result)).not.toContain('good');
    expect(checkTokenizer(tokenizer, [{ ...film, truncated: true }])).toMatchObject({ mismatches: 1 });
    expect(checkTokenizer(tokenizer, [{ ...film, ids: film.ids.slice(0, 2) }])).toMatchObject({
      mismatches: 1,
    });
  });
});

/** The two files of a version and its golden texts, in memory; `reads` counts how often each was asked for. */
class MemoryRegistry {
  readonly files = new Map<string, string>([
    ['tokenizer.json', tokenizerJson()],
    ['tokenizer_config.json', '{}'],
    ['parity.json', JSON.stringify({ schema_version: 1, tolerance: 0.001, items: [film] })],
  ]);
  readonly reads: string[] = [];

  readVerified(_: ModelVersion, file: string): Promise<Buffer> {
    this.reads.push(file);
    const contents = this.files.get(file);
    return contents === undefined
      ? Promise.reject(new Error(`${file} is missing`))
      : Promise.resolve(Buffer.from(contents));
  }
}

describe('TokenizationService', () => {
  const version = {
    key: 'sentiment/v1@0123456789ab',
    manifest: { max_tokens: 4, truncation_side: 'right' },
  } as unknown as ModelVersion;
  const serviceOf = (registry: MemoryRegistry): TokenizationService =>
    new TokenizationService(registry as unknown as ModelRegistryService);

  it('counts tokens within the limits of the version', async () => {
    const service = serviceOf(new MemoryRegistry());
    expect(await service.countTokens(version, 'film')).toEqual({ tokens: 3, truncated: false });
    expect(await service.countTokens(version, 'film film film')).toEqual({ tokens: 4, truncated: true });
  });

  it('loads a tokenizer once, however many ask at the same time', async () => {
    const registry = new MemoryRegistry();
    const service = serviceOf(registry);
    await Promise.all(['a', 'b', 'c'].map((text) => service.countTokens(version, text)));
    expect(registry.reads.filter((file) => file === 'tokenizer.json')).toHaveLength(1);
    await service.countTokens({ ...version, key: 'sentiment/v2@0123456789ab' }, 'a');
    expect(registry.reads.filter((file) => file === 'tokenizer.json')).toHaveLength(2);
  });

  it('tries again after a failure', async () => {
    const registry = new MemoryRegistry();
    const service = serviceOf(registry);
    registry.files.delete('tokenizer.json');
    await expect(service.countTokens(version, 'film')).rejects.toThrow('tokenizer.json is missing');
    expect(await service.check(version)).toMatchObject({
      status: 'down',
      reason: 'tokenizer.json is missing',
    });
    registry.files.set('tokenizer.json', tokenizerJson());
    expect(await service.check(version)).toMatchObject({ status: 'up', texts: 1, reason: null });
  });

  it('is down with the reason when the golden texts cannot be read', async () => {
    const registry = new MemoryRegistry();
    registry.files.set('parity.json', '{}');
    expect(await serviceOf(registry).check(version)).toMatchObject({
      status: 'down',
      texts: 0,
      reason: 'parity.json: schema_version is undefined, but must be 1',
    });
  });
});
