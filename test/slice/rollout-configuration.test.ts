import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADMIN, configFile, folder, RolloutSlice, texts } from './rollout-slice.js';
import { TempRegistry } from '../support/temp-registry.js';

const running: RolloutSlice[] = [];
const registries: TempRegistry[] = [];

async function start(settings: Record<string, string>): Promise<RolloutSlice> {
  const rollout = await RolloutSlice.start({ REQUEST_TIMEOUT_MS: '30000', ...settings });
  running.push(rollout);
  return rollout;
}

/** The versions that the tests may damage are copies. */
function registryWith(...versions: readonly string[]): TempRegistry {
  const registry = new TempRegistry();
  registries.push(registry);
  for (const version of versions) registry.addVersion(version);
  return registry;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ service }) => service.stop()));
  for (const registry of registries.splice(0)) registry.delete();
});

const version = (rollout: RolloutSlice, name: string, change: 'load' | 'unload'): Promise<Response> =>
  rollout.service.fetch(`/admin/models/sentiment/versions/${name}/${change}`, {
    method: 'POST',
    headers: ADMIN,
  });

describe('a file that names a version without a readable manifest', () => {
  it('undoes nothing at a restart, and nothing that an admin begins meanwhile', async () => {
    const registry = registryWith('v3', 'v4');
    const settings = {
      STATE_DIR: folder(),
      SERIN_CONFIG: configFile('rollout:\n  sentiment: { stable: v3, canary: v4, percent: 5 }\n'),
      MODEL_REGISTRY: registry.folder,
    };
    const manifest = join(registry.folder, 'sentiment/v3/manifest.json');
    const first = await start(settings);
    for (const move of ['promote', 'clear']) expect((await first.post(move)).status).toBe(200);
    expect((await version(first, 'v3', 'unload')).status).toBe(200);
    const { revision } = await first.view();
    await first.service.stop();

    renameSync(manifest, `${manifest}.away`);
    const second = await start(settings);
    expect(await second.view()).toMatchObject({ revision, stable: { version: 'v4' }, decided_by: 'state' });
    expect(new Set(await second.versions(texts(20)))).toEqual(new Set(['v4']));
    const problem = /^rollout\.sentiment\.stable: v3 cannot be read \(it has no manifest\.json\)/;
    expect((await second.view()).problems).toEqual([expect.stringMatching(problem)]);
    expect(await second.indicator('configuration')).toEqual({
      status: 'up',
      problem: expect.stringMatching(problem) as string,
    });
    expect((await version(second, 'v2', 'load')).status).toBe(200);
    expect((await second.put({ version: 'v2', percent: 50 })).status).toBe(200);
    await second.service.stop();

    renameSync(`${manifest}.away`, manifest);
    const third = await start(settings);
    expect(await third.view()).toMatchObject({
      revision: revision + 1,
      stable: { version: 'v4' },
      canary: { version: 'v2' },
      percent: 50,
      problems: [],
    });
  });
});

describe('a file that names a version before its folder is there', () => {
  it('is in force once the folder has come, with no change of the file', async () => {
    const registry = registryWith();
    const section = (canary: string): string =>
      `rollout:\n  sentiment: { stable: v1, canary: ${canary}, percent: 40 }\n`;
    const SERIN_CONFIG = configFile(section('v2'));
    const rollout = await start({ STATE_DIR: folder(), SERIN_CONFIG, MODEL_REGISTRY: registry.folder });
    writeFileSync(SERIN_CONFIG, section('v3'));
    const { canary } = await rollout.viewThat(({ problems }) => problems.length > 0);
    expect(canary).toMatchObject({ version: 'v2' });
    registry.addVersion('v3');
    const view = await rollout.viewThat(
      (now) => now.canary?.version === 'v3' && now.canary.state === 'ready',
    );
    expect(view).toMatchObject({ phase: 'running', percent: 40, problems: [] });
    expect(rollout.service.lines.filter(({ msg }) => msg.includes('the last good one stays'))).toHaveLength(
      1,
    );
  });
});

describe('a file that names another stable version before anything was moved', () => {
  it('is in force, and that version answers once it is loaded', async () => {
    const SERIN_CONFIG = configFile('rollout:\n  sentiment: { stable: v1 }\n');
    const rollout = await start({ STATE_DIR: folder(), SERIN_CONFIG });
    writeFileSync(SERIN_CONFIG, 'rollout:\n  sentiment: { stable: v2 }\n');
    const view = await rollout.viewThat(({ stable }) => stable?.version === 'v2' && stable.state === 'ready');
    expect(view).toMatchObject({ phase: 'idle', decided_by: 'file', percent: 0 });
    await vi.waitFor(async () => {
      expect(new Set(await rollout.versions(texts(4)))).toEqual(new Set(['v2']));
    }, 10_000);
  });
});

describe('a file that an editor empties before it writes it', () => {
  const section = (rest: string): string => `rollout:\n  sentiment: { stable: v1, ${rest} }\n`;

  it('leaves the rollout as it is, with its evidence, and the status and health say why', async () => {
    const full = section('canary: v2, percent: 99');
    const SERIN_CONFIG = configFile(full);
    const stateDir = folder();
    const rollout = await start({ STATE_DIR: stateDir, SERIN_CONFIG });
    await rollout.versions(texts(20));
    const before = await rollout.viewThat(({ figures }) => (figures?.total.pairs.texts ?? 0) > 10);
    for (const [torn, problem] of [
      ['', /the file is empty/],
      ['max_texts: 10000\n', /rollout: the file has lost this section/],
      [section('canary:'), /the file has lost v2, which is being rolled out; .*write canary: null/],
    ] as const) {
      writeFileSync(SERIN_CONFIG, torn);
      const view = await rollout.viewThat(({ problems }) => problems.some((each) => problem.test(each)));
      expect(view).toMatchObject({ phase: 'running', percent: 99, rollout_id: before.rollout_id });
      expect(await rollout.indicator('configuration')).toMatchObject({
        problem: expect.stringMatching(problem) as string,
      });
    }
    writeFileSync(SERIN_CONFIG, full);
    const after = await rollout.viewThat(({ problems }) => problems.length === 0);
    expect(after).toMatchObject({
      revision: before.revision,
      rollout_id: before.rollout_id,
      figures: { total: { pairs: { texts: before.figures?.total.pairs.texts } } },
    });

    // A restart in that moment has no earlier file to go by; the state goes on.
    await rollout.service.stop();
    writeFileSync(SERIN_CONFIG, 'max_texts: 10000\n');
    const again = await start({ STATE_DIR: stateDir, SERIN_CONFIG });
    const lost = /^rollout\.sentiment: the file does not name the rollout that is running/;
    expect(await again.view()).toMatchObject({
      phase: 'running',
      percent: 99,
      rollout_id: before.rollout_id,
      problems: [expect.stringMatching(lost)],
    });
    expect(await again.indicator('configuration')).toMatchObject({
      problem: expect.stringMatching(lost) as string,
    });
    writeFileSync(SERIN_CONFIG, full);
    expect(await again.viewThat(({ problems }) => problems.length === 0)).toMatchObject({
      rollout_id: before.rollout_id,
    });

    writeFileSync(SERIN_CONFIG, section('canary: null'));
    const ended = await again.viewThat(({ phase }) => phase === 'idle');
    expect(ended).toMatchObject({ canary: null, percent: 0, problems: [] });
  });
});
