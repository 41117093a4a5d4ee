import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseWholeVersion, findNamedVersion, findVersion } from '../../../src/registry/find-version.js';
import type { RolloutConfig } from '../../../src/base/config/rollout-config.js';
import { ROOT } from '../../support/repository.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-find-'));
  mkdirSync(join(folder, 'sentiment/v2'), { recursive: true });
  symlinkSync(`${ROOT}model-registry/sentiment/v1`, join(folder, 'sentiment/v1'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('a version by its name', () => {
  it('is the one that lies there', () => {
    expect(findNamedVersion(folder, 'sentiment/v1')).toMatchObject({ model: 'sentiment', version: 'v1' });
  });

  it.each([
    ['v1', '"v1" names no version: write model/version, e.g. sentiment/v2.'],
    ['a/b/c', '"a/b/c" names no version: write model/version, e.g. sentiment/v2.'],
    ['sentiment/v9', 'The registry has no sentiment/v9; it has sentiment/v1, sentiment/v2.'],
    ['tone/v1', 'The registry has no tone/v1; it has sentiment/v1, sentiment/v2.'],
    ['sentiment/v2', 'sentiment/v2 cannot be used: it has no manifest.json.'],
  ])('%s is refused', (name, message) => {
    expect(() => findNamedVersion(folder, name)).toThrow(message);
  });

  it('is refused in the words of the command that knows better', () => {
    const name = { model: 'tone', version: 'v1' };
    expect(() => findVersion(folder, name, (_, listing) => `only ${[...listing.keys()].join()}`)).toThrow(
      'only sentiment',
    );
  });
});

describe('a version by two flags', () => {
  const split = (stable: string): RolloutConfig => ({ stable }) as RolloutConfig;
  const choose = (model: string, version?: string, rollout: Record<string, RolloutConfig> = {}) =>
    chooseWholeVersion({ modelRegistry: folder, rollout }, model, version);

  it('is the stable one of the configuration, unless it is named', async () => {
    const rollout = { sentiment: split('v1') };
    expect((await choose('sentiment', undefined, rollout)).version).toBe('v1');
    expect((await choose('sentiment', 'v1', { sentiment: split('v9') })).version).toBe('v1');
    await expect(choose('sentiment', 'v9', rollout)).rejects.toThrow('The registry has no sentiment/v9');
  });

  it('is refused when neither names one', async () => {
    await expect(choose('sentiment')).rejects.toThrow(
      'The configuration names no stable version of sentiment; name one with --version.',
    );
    await expect(choose('constructor')).rejects.toThrow('The registry has no model "constructor"');
  });

  it('is refused when it has a pipeline, which no worker can run', async () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'sentiment/v1/manifest.json'), 'utf8')) as object;
    const changes = { version: 'v2', pipeline: 'mean', files: {} };
    writeFileSync(join(folder, 'sentiment/v2/manifest.json'), JSON.stringify({ ...manifest, ...changes }));
    await expect(choose('sentiment', 'v2')).rejects.toThrow(
      'sentiment/v2 cannot be used: it has the pipeline mean in place of a network, and only the service runs pipelines.',
    );
  });

  it('is refused when a file is not what its manifest says', async () => {
    const v3 = join(folder, 'sentiment/v3');
    mkdirSync(v3);
    const manifest = JSON.parse(JSON.stringify(findNamedVersion(folder, 'sentiment/v1').manifest)) as object;
    writeFileSync(join(v3, 'manifest.json'), JSON.stringify({ ...manifest, version: 'v3' }));
    await expect(choose('sentiment', 'v3')).rejects.toThrow(
      /^sentiment\/v3 cannot be used: .*model\.onnx is missing/,
    );
  });
});
