import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishFolder } from '../../../src/registry/publish-folder.js';

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
