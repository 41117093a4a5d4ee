import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RolloutConfiguration } from '../../../../src/service/rollout/rollout-configuration.js';
import { loadConfig } from '../../../../src/base/config/load-config.js';
import { ModelRegistryService } from '../../../../src/service/model-registry/model-registry.service.js';
import { RolloutsInForce } from '../../../../src/service/in-force/rollouts-in-force.js';
import { RolloutVersions } from '../../../../src/service/rollout/rollout-versions.js';
import type { RolloutPhase } from '../../../../src/rollout/rollout-types.js';
import type { Metrics } from '../../../../src/service/observability/metrics.js';

const SHIPPED = resolve(import.meta.dirname, '../../../../model-registry/sentiment');

let cwd: string;
let lines: string[];
let configuration: RolloutConfiguration;
let inForce: RolloutsInForce;
const changed = vi.fn();

const manifest = (version: string): string => join(cwd, 'model-registry/sentiment', version, 'manifest.json');

function addManifest(version: string): void {
  const content = JSON.parse(readFileSync(join(SHIPPED, 'v2/manifest.json'), 'utf8')) as object;
  mkdirSync(join(manifest(version), '..'), { recursive: true });
  writeFileSync(manifest(version), JSON.stringify({ ...content, version }));
}

const write = (canary: string): void => {
  const section = `rollout:\n  sentiment: { stable: v1, canary: ${canary}, percent: 5 }\n`;
  writeFileSync(join(cwd, 'serin.config.yaml'), `max_texts: 100\n${section}`);
};

function start(): void {
  const config = loadConfig({ env: {}, cwd });
  const metrics = { setVersionState: () => undefined } as unknown as Metrics;
  inForce = new RolloutsInForce(config);
  const registry = new ModelRegistryService(config, metrics, inForce);
  configuration = new RolloutConfiguration(config, registry, new RolloutVersions(registry), inForce);
  lines = [];
  configuration.watch(changed);
}

/** More than ten looks of the watcher. */
const aMinute = (): void => void vi.advanceTimersByTime(60_000);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
  changed.mockClear();
  lines = [];
  for (const level of ['log', 'warn', 'error'] as const) {
    vi.spyOn(Logger.prototype, level).mockImplementation((sentence: string) => void lines.push(sentence));
  }
  cwd = mkdtempSync(join(tmpdir(), 'serin-configuration-'));
  mkdirSync(join(cwd, 'model-registry/sentiment'), { recursive: true });
  for (const version of ['v1', 'v2']) {
    mkdirSync(join(manifest(version), '..'));
    cpSync(join(SHIPPED, version, 'manifest.json'), manifest(version));
  }
  writeFileSync(join(cwd, 'serin.config.yaml'), 'rollout:\n  sentiment: { stable: v1, canary: v2 }\n');
});

afterEach(() => {
  configuration.onApplicationShutdown();
  vi.useRealTimers();
  vi.restoreAllMocks();
  rmSync(cwd, { recursive: true });
});

describe('the rollout sections in force', () => {
  it('become those of a refused file once the version that it names has come, and each thing is said once', () => {
    start();
    const problem = 'rollout.sentiment.canary: the model has no version v3';
    write('v3');
    aMinute();
    expect([configuration.problem, configuration.of('sentiment')?.canary]).toEqual([problem, 'v2']);
    expect(lines).toEqual([expect.stringContaining(`the last good one stays: ${problem}`)]);

    addManifest('v3');
    aMinute();
    expect([configuration.problem, configuration.of('sentiment')?.canary]).toEqual([null, 'v3']);
    expect(changed).toHaveBeenCalledTimes(1);
    expect(lines.slice(1)).toEqual([
      expect.stringContaining('sentiment/v3 is discovered'),
      expect.stringContaining('in force after a restart only: max_texts'),
      'the configuration file is valid again',
      'the rollout section has changed and is in force',
    ]);
  });

  it('are looked at again while a manifest cannot be read, be it because the folder is still being copied', () => {
    start();
    mkdirSync(join(manifest('v3'), '..'));
    write('v3');
    aMinute();
    const problem = /^rollout\.sentiment\.canary: v3 cannot be read \(it has no manifest\.json\)/;
    expect(configuration.problem).toMatch(problem);
    expect(lines).toEqual([
      expect.stringContaining('sentiment/v3 failed: it has no manifest.json'),
      expect.stringContaining('in force after a restart only: max_texts'),
      'the rollout section has changed and is in force',
      expect.stringMatching(problem),
    ]);
    addManifest('v3');
    aMinute();
    expect(configuration.problem).toBeNull();
    expect(lines.slice(4)).toEqual([expect.stringContaining('sentiment/v3 is discovered')]);
  });

  it('say from the start which manifest cannot be read, until it can', () => {
    renameSync(manifest('v1'), `${manifest('v1')}.away`);
    start();
    aMinute();
    const problem = /^rollout\.sentiment\.stable: v1 cannot be read/;
    expect(configuration.problem).toMatch(problem);
    expect(lines).toEqual([expect.stringMatching(problem)]);
    renameSync(`${manifest('v1')}.away`, manifest('v1'));
    aMinute();
    expect(configuration.problem).toBeNull();
    expect(changed).not.toHaveBeenCalled();
  });
});

describe('a file that has lost a part', () => {
  const FULL = 'rollout:\n  sentiment:\n    stable: v1\n    canary: v2\n';
  const put = (content: string): void => {
    writeFileSync(join(cwd, 'serin.config.yaml'), content);
    aMinute();
  };
  const publish = (phase: RolloutPhase): void => {
    const now = inForce.of('sentiment');
    if (now !== undefined) inForce.publish({ ...now, phase, revision: now.revision + 1 });
  };
  const SECTION_LOST = 'rollout: the file has lost this section; write it again';
  const CANARY_LOST = 'rollout.sentiment.canary: the file has lost v2, which is being rolled out';

  it.each([
    ['has no byte', '', 'the file is empty'],
    ['has blank lines only', '\n \n', 'the file is empty'],
    ['has comments only', '# rollout\n', SECTION_LOST],
    ['ends before the section', 'max_texts: 100\n', SECTION_LOST],
    ['ends in the name of the section', 'max_texts: 100\nrollout:\n', SECTION_LOST],
    ['ends before the canary', 'rollout:\n  sentiment:\n    stable: v1\n', CANARY_LOST],
    ['ends in the key of the canary', 'rollout:\n  sentiment:\n    stable: v1\n    canary:', CANARY_LOST],
  ])('changes nothing while a rollout runs: it %s', (_, content, problem) => {
    start();
    publish('running');
    put(content);
    expect(configuration.problem).toContain(problem);
    expect(configuration.of('sentiment')?.canary).toBe('v2');
    put(FULL);
    expect(configuration.problem).toBeNull();
    expect(changed).not.toHaveBeenCalled();
  });

  it('ends a rollout that says canary: null, and one that is over needs no such word', () => {
    start();
    publish('paused');
    put('rollout:\n  sentiment: { stable: v1 }\n');
    expect(configuration.problem).toContain(CANARY_LOST);
    put('rollout:\n  sentiment: { stable: v1, canary: null }\n');
    expect([configuration.problem, configuration.of('sentiment')?.canary]).toEqual([null, null]);

    put(FULL);
    publish('promoted');
    put('rollout:\n  sentiment: { stable: v2 }\n');
    expect(configuration.problem).toBeNull();
    expect(configuration.of('sentiment')).toMatchObject({ stable: 'v2', canary: null });
  });

  it('has lost nothing when it never had a section', () => {
    writeFileSync(join(cwd, 'serin.config.yaml'), 'max_texts: 100\n');
    start();
    publish('running');
    put('max_texts: 200\n');
    expect(configuration.problem).toBeNull();
  });
});
