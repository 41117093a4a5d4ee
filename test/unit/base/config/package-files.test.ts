import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSource, loadConfig } from '../../../../src/base/config/load-config.js';
import type { SerinConfig } from '../../../../src/base/config/serin-config.js';

let cwd: string;
let packageFolder: string;

const load = (options: { readonly env?: NodeJS.ProcessEnv } = {}): SerinConfig =>
  loadConfig({ env: {}, cwd, packageFolder, ...options });

const file = (content: string, name = 'serin.config.yaml'): void => {
  writeFileSync(join(cwd, name), content);
};

afterEach(() => {
  rmSync(cwd, { recursive: true });
});

describe('what the working directory does not have', () => {
  beforeEach(() => {
    cwd = mkdtempSync(join(tmpdir(), 'serin-package-'));
    packageFolder = join(cwd, 'package');
    mkdirSync(join(packageFolder, 'model-registry'), { recursive: true });
    const content = 'port: 4000\nstate_dir: state\nrollout: { sentiment: { stable: v7 } }';
    writeFileSync(join(packageFolder, 'serin.config.yaml'), content);
  });

  it('is taken from the package: its models, and the file with the paths in it', () => {
    const config = load();
    expect(config).toMatchObject({
      port: 4000,
      rollout: { sentiment: { stable: 'v7' } },
      modelRegistry: join(packageFolder, 'model-registry'),
      stateDir: join(packageFolder, 'state'),
    });
    expect(configSource(config).hasModelsOfPackage).toBe(true);
  });

  it('is taken from the package one by one', () => {
    mkdirSync(join(cwd, 'model-registry'));
    const withModels = load();
    expect(withModels).toMatchObject({ port: 4000, modelRegistry: join(cwd, 'model-registry') });
    expect(configSource(withModels).hasModelsOfPackage).toBe(false);
    rmSync(join(cwd, 'model-registry'), { recursive: true });
    file('max_texts: 9');
    expect(load()).toMatchObject({
      port: 3000,
      maxTexts: 9,
      stateDir: join(cwd, 'var'),
      modelRegistry: join(packageFolder, 'model-registry'),
    });
  });

  it('is not taken from the package when it is named', () => {
    file('port: 4001', 'mine.yaml');
    const env = { SERIN_CONFIG: 'mine.yaml', MODEL_REGISTRY: join(packageFolder, 'model-registry') };
    const config = load({ env });
    expect(config.port).toBe(4001);
    expect(configSource(config).hasModelsOfPackage).toBe(false);
    expect(() => load({ env: { SERIN_CONFIG: 'nowhere.yaml' } })).toThrow(/no such file/);
  });

  it('is not taken from the package where a link leads nowhere', () => {
    symlinkSync(join(cwd, 'gone'), join(cwd, 'model-registry'));
    expect(load().modelRegistry).toBe(join(cwd, 'model-registry'));
    symlinkSync(join(cwd, 'gone.yaml'), join(cwd, 'serin.config.yaml'));
    expect(() => load()).toThrow(/no such file/);
  });

  it('states nothing about rollouts, so that a file that is lost does not end one', () => {
    expect(configSource(load()).states('rollout')).toBe(false);
    file('rollout: { sentiment: { stable: v1 } }');
    const { states, reload } = configSource(load());
    expect(states('rollout')).toBe(true);
    rmSync(join(cwd, 'serin.config.yaml'));
    expect(configSource(reload()).states('rollout')).toBe(false);
  });
});
