import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRegistry, readVerified, verifyVersion } from '../../../src/registry/registry-files.js';
import type { ModelVersion } from '../../../src/registry/model-version.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'serin-registry-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const FILES = { 'model.onnx': 'graph', 'tokenizer.json': '{}', 'tokenizer_config.json': '{}' };

const manifestOf = (model: string, version: string, more: object = {}): object => ({
  schema_version: 1,
  model,
  version,
  task: 'text-classification',
  labels: ['NEGATIVE', 'POSITIVE'],
  max_tokens: 256,
  truncation_side: 'right',
  precision: 'fp32',
  session: { graph_optimization_level: 'all', disabled_optimizers: [] },
  batching: { max_padded_tokens: 256, runs_alone: false },
  files: Object.fromEntries(
    Object.entries(FILES).map(([name, text]) => [
      name,
      { sha256: createHash('sha256').update(text).digest('hex'), bytes: text.length },
    ]),
  ),
  ...more,
});

function writeVersion(
  model: string,
  version: string,
  manifest: unknown = manifestOf(model, version),
): string {
  const folder = join(root, model, version);
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  writeFileSync(
    join(folder, 'manifest.json'),
    typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
  );
  return folder;
}

const only = (model: string): ModelVersion => {
  const [found] = readRegistry(root).get(model) ?? [];
  if (!found?.version) throw new Error(`unreadable: ${JSON.stringify(found)}`);
  return found.version;
};

const USED = { model: 'm', version: 'v0', digest: 'a'.repeat(64) };

const reasonFor = (manifest: unknown): string => {
  writeVersion('m', 'v1', manifest);
  const [found] = readRegistry(root).get('m') ?? [];
  return found?.version === null ? found.reason : 'readable';
};

describe('readRegistry', () => {
  it('lists models and versions, v10 after v9', () => {
    for (const version of ['v10', 'v9']) writeVersion('sentiment', version);
    writeVersion('topic', 'v1');
    const listing = readRegistry(root);
    expect([...listing.keys()]).toEqual(['sentiment', 'topic']);
    expect(listing.get('sentiment')?.map(({ name }) => name)).toEqual(['v9', 'v10']);
  });

  it('names a version by the digest of its manifest', () => {
    writeVersion('m', 'v1');
    const before = only('m').digest;
    writeVersion('m', 'v1', manifestOf('m', 'v1', { max_tokens: 128 }));
    expect(only('m').digest).not.toBe(before);
    expect(only('m').key).toBe(`m/v1@${only('m').digest.slice(0, 12)}`);
  });

  it('reads a version that has a pipeline in place of a network, which is whole without a file', async () => {
    writeVersion('m', 'v1', manifestOf('m', 'v1', { pipeline: 'p', uses: { of_v0: USED }, files: {} }));
    expect(only('m').manifest).toMatchObject({ pipeline: 'p', uses: { of_v0: USED } });
    expect(await verifyVersion(only('m'))).toEqual([]);
  });

  it('says what to do when the folder is missing or empty', () => {
    expect(() => readRegistry(join(root, 'nowhere'))).toThrow(/is not a folder; set MODEL_REGISTRY/);
    writeFileSync(join(root, 'file'), '');
    symlinkSync('circle', join(root, 'circle'));
    for (const name of ['file', 'file/below', 'circle', 'n'.repeat(300)]) {
      expect(() => readRegistry(join(root, name))).toThrow(/is not a folder; set MODEL_REGISTRY/);
    }
    expect(() => readRegistry(root)).toThrow(/is empty; it should hold <model>\/<version>\/manifest.json/);
  });

  it.each([
    ['{ "schema', /not JSON/],
    ['[]', /must be a JSON object/],
    [manifestOf('m', 'v1', { schema_version: 2 }), /schema_version must be 1/],
    [manifestOf('m', 'v1', { task: 'generation' }), /task must be one of/],
    [manifestOf('m', 'v1', { labels: [] }), /labels must contain at least 1/],
    [manifestOf('m', 'v1', { labels: ['A', 'A'] }), /labels.* unique/],
    [manifestOf('m', 'v1', { task: 'binary-classification', labels: ['A', 'B', 'C'] }), /labels must be two/],
    [manifestOf('m', 'v1', { max_tokens: 'many' }), /max_tokens must/],
    [
      manifestOf('m', 'v1', { batching: { max_padded_tokens: 0, runs_alone: false } }),
      /batching.max_padded_tokens must/,
    ],
    [manifestOf('m', 'v1', { files: {} }), /files must name model.onnx/],
    [
      manifestOf('m', 'v1', { files: { '../../secret': {} } }),
      /files...\/..\/secret is not a plain file name/,
    ],
    [manifestOf('m', 'v1', { accuracy: {} }), /accuracy\.data_set must/],
    [manifestOf('m', 'v1', { checked_on: [{}] }), /checked_on\.0\.cpu must/],
    [manifestOf('m', 'v1', { batch_variance: 3 }), /batch_variance/],
    [manifestOf('m', 'v2'), /says m\/v2, but it lies in m\/v1/],
    [manifestOf('m', 'v1', { pipeline: null }), /pipeline should not be empty/],
    [manifestOf('m', 'v1', { pipeline: '' }), /pipeline should not be empty/],
    [manifestOf('m', 'v1', { pipeline: 'p', uses: [] }), /uses must be an object/],
    [manifestOf('m', 'v1', { uses: { a: USED } }), /uses is for a version with a pipeline/],
    [
      manifestOf('m', 'v1', { pipeline: 'p', uses: { 'A-b': USED } }),
      /uses\.A-b is not a name of lower-case letters, digits and underscores/,
    ],
    [
      manifestOf('m', 'v1', { pipeline: 'p', uses: { a: { ...USED, version: 'v1' } } }),
      /uses\.a is the version that the manifest is about/,
    ],
    [
      manifestOf('m', 'v1', { pipeline: 'p', uses: { a: { ...USED, digest: 'A'.repeat(64) } } }),
      /uses\.a\.digest must be 64 hexadecimal digits in lower case/,
    ],
    [manifestOf('m', 'v1', { pipeline: 'p', uses: { a: 3 } }), /uses\.a\.model should not be empty/],
    [manifestOf('m', 'v1', { pipeline: 'p', files: { 'a/b': {} } }), /files\.a\/b is not a plain file name/],
  ])('says what is wrong with a manifest: %j', (manifest, reason) => {
    expect(reasonFor(manifest)).toMatch(reason);
  });

  it('keeps a folder without manifest in the list, with the reason', () => {
    writeVersion('m', 'v1');
    mkdirSync(join(root, 'm', 'v2'));
    expect(readRegistry(root).get('m')?.[1]).toEqual({
      name: 'v2',
      version: null,
      reason: 'it has no manifest.json',
    });
  });
});

describe('verifyVersion', () => {
  it('finds nothing wrong with files that match their digests', async () => {
    writeVersion('m', 'v1');
    expect(await verifyVersion(only('m'))).toEqual([]);
  });

  it('names each file that is missing, of another size or of other content', async () => {
    const folder = writeVersion('m', 'v1');
    writeFileSync(join(folder, 'model.onnx'), 'grapH');
    writeFileSync(join(folder, 'tokenizer.json'), '{ }');
    rmSync(join(folder, 'tokenizer_config.json'));
    const problems = await verifyVersion(only('m'));
    expect(problems).toEqual([
      expect.stringMatching(/^model.onnx does not match its digest/),
      'tokenizer.json has 3 bytes where manifest.json says 2',
      'tokenizer_config.json is missing',
    ]);
  });
});

describe('readVerified', () => {
  it('answers the bytes of a file that matches and refuses one that was changed', async () => {
    const folder = writeVersion('m', 'v1');
    expect((await readVerified(only('m'), 'model.onnx')).toString()).toBe('graph');
    writeFileSync(join(folder, 'model.onnx'), 'grapH');
    await expect(readVerified(only('m'), 'model.onnx')).rejects.toThrow(/does not match its digest/);
    await expect(readVerified(only('m'), 'parity.json')).rejects.toThrow(
      'manifest.json names no parity.json',
    );
  });
});
