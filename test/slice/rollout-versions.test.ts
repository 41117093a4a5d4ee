import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import { ADMIN, configFile, folder, RolloutSlice, texts } from './rollout-slice.js';
import { TempRegistry } from '../support/temp-registry.js';

const registry = new TempRegistry();
const file = configFile('rollout:\n  sentiment: { stable: v1, canary: v2, percent: 0 }\n');
const settings = {
  STATE_DIR: folder(),
  SERIN_CONFIG: file,
  MODEL_REGISTRY: registry.folder,
  REQUEST_TIMEOUT_MS: '30000',
  CACHE_MAX_ITEMS: '1000',
};
let rollout: RolloutSlice;

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;
const viewOf = async (response: Response): Promise<RolloutView> => (await response.json()) as RolloutView;
const load = (version: string): Promise<Response> =>
  rollout.service.fetch(`/admin/models/sentiment/versions/${version}/load`, {
    method: 'POST',
    headers: ADMIN,
  });

beforeAll(async () => {
  registry.addVersion('v3', { accuracy: undefined });
  registry.addVersion('v4');
  rollout = await RolloutSlice.start(settings);
});

afterAll(async () => {
  await rollout.service.stop();
  registry.delete();
});

describe('which versions a rollout takes', () => {
  it('none that is not loaded, and none without an accuracy on record', async () => {
    const notLoaded = await rollout.put({ version: 'v3', percent: 5 });
    expect(await notLoaded.json()).toMatchObject({
      code: 'VERSION_NOT_READY',
      detail: expect.stringContaining(
        'load it first (POST /admin/models/sentiment/versions/v3/load)',
      ) as string,
    });
    expect((await load('v3')).status).toBe(200);
    expect(await codeOf(await rollout.put({ version: 'v3', percent: 5 }))).toBe('VERSION_REFUSED');
    expect((await rollout.view()).revision).toBe(0);
  });

  it('but one that is forced, which is said everywhere', async () => {
    const forced = await viewOf(await rollout.put({ version: 'v3', percent: 50, force: true }));
    expect(forced).toMatchObject({
      forced: true,
      percent: 50,
      stable: { version: 'v1' },
      canary: { version: 'v3', accepted: false },
      history: [{ move: 'start', forced: true }],
    });
    const line = await rollout.service.line(({ action }) => action === 'rollout.start');
    expect(line).toMatchObject({ context: 'audit', forced: true, to: { canary: 'v3' } });
    expect(new Set(await rollout.versions(texts(60)))).toEqual(new Set(['v1', 'v3']));
    expect(await viewOf(await rollout.put({ percent: 60 }))).toMatchObject({ percent: 60, forced: true });
  });

  it('takes the answers of one that is rolled back out of the cache', async () => {
    await rollout.post('rollback');
    const line = await rollout.service.line(({ msg }) => msg.includes('v3 was rolled back:'));
    expect(Number(/(\d+) of its answers/.exec(line.msg)?.[1])).toBeGreaterThan(0);
    expect(new Set(await rollout.versions(texts(60)))).toEqual(new Set(['v1']));
  });

  it('gives a file’s canary nothing when its accuracy is not on record', async () => {
    await rollout.post('clear');
    writeFileSync(file, 'rollout:\n  sentiment: { stable: v1, canary: v3, percent: 40 }\n');
    const view = await rollout.viewThat(({ problems }) => problems.length > 0);
    expect(view).toMatchObject({ phase: 'idle', percent: 0, forced: false });
    expect(view.problems).toEqual([
      expect.stringMatching(/v3 is not accepted: it has no accuracy on record/),
    ]);
    expect(new Set(await rollout.versions(texts(60)))).toEqual(new Set(['v1']));
  });

  it('loads a version that a changed file names, and gives it traffic once it is ready', async () => {
    writeFileSync(file, 'rollout:\n  sentiment: { stable: v1, canary: v4, percent: 40 }\n');
    await rollout.viewThat(({ canary }) => canary?.version === 'v4' && canary.state === 'ready');
    expect(await rollout.view()).toMatchObject({
      phase: 'running',
      percent: 40,
      decided_by: 'file',
      problems: [],
    });
    expect(new Set(await rollout.versions(texts(60)))).toEqual(new Set(['v1', 'v4']));
  });
});
