import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readVersion } from '../../../src/registry/registry-files.js';
import type { ModelVersion } from '../../../src/registry/model-version.js';
import { publishFolder, StagedVersion } from '../../../src/registry/staged-version.js';
import { ROOT } from '../../support/repository.js';

let model: string;
beforeEach(() => {
  model = mkdtempSync(join(tmpdir(), 'serin-publish-'));
});
afterEach(() => {
  rmSync(model, { recursive: true });
});

const at = (name: string): string => join(model, name);

function folder(name: string): string {
  mkdirSync(at(name));
  writeFileSync(join(at(name), 'who'), name);
  return at(name);
}

const who = (): string => readFileSync(join(at('v2'), 'who'), 'utf8');

describe('a folder becomes a version', () => {
  it.each([true, false])('where none has its name (replace: %s)', async (replace) => {
    await publishFolder(folder('.new'), at('v2'), replace);
    expect(who()).toBe('.new');
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('in place of another one, which is gone then', async () => {
    folder('v2');
    await publishFolder(folder('.new'), at('v2'), true);
    expect(who()).toBe('.new');
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('not where another one has appeared that nobody asked to replace', async () => {
    const staged = folder('.new');
    folder('v2');
    await expect(publishFolder(staged, at('v2'), false)).rejects.toThrow(
      /v2 has appeared meanwhile and is left as it is; --force replaces it\.$/,
    );
    expect(who()).toBe('v2');
    expect(readdirSync(model).sort()).toEqual(['.new', 'v2']);
  });

  it('or leaves the one that was there under its name', async () => {
    folder('v2');
    // Its own parent cannot become it: the second rename fails, after the first.
    await expect(publishFolder(model, at('v2'), true)).rejects.toThrow(/EINVAL/);
    expect(who()).toBe('v2');
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('or touches nothing when the one that was there cannot be moved', async () => {
    folder('v2');
    folder(`.replaced-v2-${process.pid}`);
    await expect(publishFolder(folder('.new'), at('v2'), true)).rejects.toThrow(/ENOTEMPTY/);
    expect(who()).toBe('v2');
  });
});

function shipped(version: string): ModelVersion {
  const found = readVersion(`${ROOT}model-registry`, 'sentiment', version);
  if (!found?.version) throw new Error('it is shipped');
  return found.version;
}

describe('a version in the making', () => {
  const make = (): Promise<StagedVersion> => StagedVersion.create(model, 'v2');
  const versionFile = (): string => readFileSync(join(model, 'v2', 'a.txt'), 'utf8');

  it('is not seen before it is whole, and then at once', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    expect(readdirSync(model).filter((name) => !name.startsWith('.'))).toEqual([]);
    expect(draft.files).toEqual({
      'a.txt': { bytes: 3, sha256: createHash('sha256').update('new').digest('hex') },
    });
    await draft.publish(false);
    await draft.discard();
    expect(versionFile()).toBe('new');
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('takes the place of the one that was there', async () => {
    mkdirSync(join(model, 'v2'));
    writeFileSync(join(model, 'v2', 'a.txt'), 'old');
    writeFileSync(join(model, 'v2', 'acceptance.json'), '{}');
    const draft = await make();
    await draft.write('a.txt', 'new');
    expect(versionFile()).toBe('old');
    await draft.publish(true);
    expect(versionFile()).toBe('new');
    expect(existsSync(join(model, 'v2', 'acceptance.json'))).toBe(false);
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('leaves one that came meanwhile in its place', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    mkdirSync(join(model, 'v2'));
    writeFileSync(join(model, 'v2', 'a.txt'), 'old');
    await expect(draft.publish(false)).rejects.toThrow('v2 has appeared meanwhile');
    await draft.discard();
    expect(versionFile()).toBe('old');
    expect(readdirSync(model)).toEqual(['v2']);
  });

  it('leaves nothing behind when it is given up', async () => {
    const draft = await make();
    await draft.write('a.txt', 'new');
    await draft.discard();
    expect(readdirSync(model)).toEqual([]);
  });

  it('leaves nothing behind when its process exits, and no handler when it does not', async () => {
    const before = process.listeners('exit');
    const [one, other] = [await make(), await StagedVersion.create(join(model, 'tone'), 'v1')];
    await one.write('a.txt', 'new');
    await other.write('a.txt', 'new');
    const [onExit, ...more] = process.listeners('exit').filter((listener) => !before.includes(listener));
    expect(more).toEqual([]);
    onExit?.(3);
    expect(readdirSync(model)).toEqual([]);
    expect(process.listeners('exit')).toEqual(before);
  });

  it('takes the folder of the model along, when that was made for it alone', async () => {
    const first = await StagedVersion.create(join(model, 'tone'), 'v1');
    const second = await StagedVersion.create(join(model, 'tone'), 'v2');
    await second.write('a.txt', 'new');
    await second.publish(false);
    await first.discard();
    expect(readdirSync(join(model, 'tone'))).toEqual(['v2']);
    await (await StagedVersion.create(join(model, 'mood'), 'v1')).discard();
    expect(readdirSync(model)).toEqual(['tone']);
  });

  it('lets everybody read what another hand wrote', async () => {
    const draft = await make();
    writeFileSync(draft.path('a.txt'), 'new');
    chmodSync(draft.path('a.txt'), 0o600);
    await draft.add('a.txt');
    expect(statSync(draft.path('a.txt')).mode & 0o777).toBe(0o644);
    expect(draft.files['a.txt']?.bytes).toBe(3);
  });

  it('copies only files that are what their manifest says', async () => {
    const draft = await make();
    await draft.copy(shipped('v1'), ['config.json']);
    expect(draft.files['config.json']).toEqual(shipped('v1').manifest.files['config.json']);
    const v1 = shipped('v1');
    const files = { ...v1.manifest.files, 'config.json': { sha256: '0'.repeat(64), bytes: 1 } };
    const wrong = { ...v1, manifest: { ...v1.manifest, files } };
    await expect(draft.copy(wrong, ['config.json'])).rejects.toThrow('does not match its digest');
  });
});
