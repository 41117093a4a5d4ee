import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seal } from '../../../../src/base/files/sealed-file.js';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';
import { removeVersion } from '../../../../src/tools/import/remove-version.js';
import { parseVersionName } from '../../../../src/registry/find-version.js';

let folder: string;
let config: SerinConfig;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-remove-'));
  for (const name of ['tone/v1', 'tone/v2', 'sentiment/v1', 'sentiment/v9']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'manifest.json'), '{}');
  }
  mkdirSync(join(folder, 'var/rollout'), { recursive: true });
  const env = { MODEL_REGISTRY: folder, STATE_DIR: join(folder, 'var') };
  config = loadConfig({ env, cwd: folder });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const remove = (name: string, confirmed = true): Promise<string> =>
  removeVersion(config, parseVersionName(name), confirmed, () => undefined).catch((error: unknown) =>
    (error as Error).message.replaceAll(folder, 'FOLDER'),
  );

const version = (name: string) => ({ version: name, digest: 'a'.repeat(64) });
const DOCUMENT = {
  schema: 1,
  model: 'tone',
  revision: 4,
  rollout_id: 'r',
  phase: 'running',
  mode: 'manual',
  stable: version('v1'),
  canary: null,
  last_good: null,
  percent: 0,
  visit: 1,
  elapsed_in_step_ms: 0,
  since: '2026-01-01T00:00:00.000Z',
  forced: false,
  moved: true,
  origin: {},
  configuration: '',
  steps: [],
  rolled_back: [],
  history: [],
};
const writeState = (content: string): void => {
  writeFileSync(join(folder, 'var/rollout/tone.json'), content);
};

describe('a version is removed', () => {
  it('when it is confirmed, and the folder of its model with the last one', async () => {
    expect(await remove('tone/v1', false)).toBe(
      'FOLDER/tone/v1 would be deleted for good: say so with --yes.',
    );
    expect(existsSync(join(folder, 'tone/v1'))).toBe(true);
    expect(await remove('tone/v1')).toBe(join(folder, 'tone/v1'));
    expect(readdirSync(join(folder, 'tone'))).toEqual(['v2']);
    await remove('tone/v2');
    expect(existsSync(join(folder, 'tone'))).toBe(false);
  });

  it('never when the configuration names it', async () => {
    expect(await remove('sentiment/v1')).toMatch(
      /^sentiment\/v1 is not removed: the configuration names it as stable\. Move/,
    );
    expect(await remove('sentiment/v9')).toBe(join(folder, 'sentiment/v9'));
  });

  it('never when the state of a rollout names it, or may', async () => {
    for (const role of ['stable', 'canary', 'last_good']) {
      writeState(seal({ ...DOCUMENT, [role]: version('v2') }));
      expect(await remove('tone/v2')).toBe(
        `tone/v2 is not removed: the rollout of tone has it as ${role} (FOLDER/var/rollout/tone.json). ` +
          'Move the rollout and the configuration to another version first, or choose another name.',
      );
    }
    writeState(seal({ schema: 7 }));
    expect(await remove('tone/v2')).toMatch(/in a form that this release does not know/);
    writeState('{"half');
    expect(await remove('tone/v2')).toMatch(/may name it, but cannot be used: it is not JSON/);
    writeState(seal(DOCUMENT));
    expect(await remove('tone/v2')).toBe(join(folder, 'tone/v2'));
  });

  it('only by a name that can be one', async () => {
    expect(await remove('tone/v3')).toBe('The registry FOLDER has no tone/v3.');
    for (const name of ['tone', 'tone/', '../tone/v1', 'tone/..', 'tone/v1/manifest.json', '']) {
      expect(() => parseVersionName(name)).toThrow(/is not model\/version, such as sentiment\/v3/);
    }
  });
});
