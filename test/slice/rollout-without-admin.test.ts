import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PredictionCache } from '../../src/service/cache/prediction-cache.js';
import { RolloutsInForce } from '../../src/service/in-force/rollouts-in-force.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { RolloutAdmin } from '../../src/service/rollout/rollout-admin.js';
import { AppWithoutAdmin, Place } from './modules-without-admin.js';

const TEXT = 'A gripping film.';

let place: Place;
let app: AppWithoutAdmin;

/** Whether the cache of the application holds the answer of a version about the text. */
const isCached = async (name: string): Promise<boolean> => {
  const { version } = app.get(ModelRegistryService).status('sentiment', name);
  if (version === null) throw new Error(`${name} cannot be read`);
  return (await app.get(PredictionCache).peek({ version, text: TEXT })) !== undefined;
};

beforeEach(async () => {
  place = new Place('stable: v1, canary: v2, percent: 100, mode: manual');
  app = await AppWithoutAdmin.start(place);
  await vi.waitFor(() => {
    expect([app.state('v1'), app.state('v2')]).toEqual(['ready', 'ready']);
  }, 20_000);
});
afterEach(async () => {
  await app.stop();
  place.delete();
});

describe('an application without AdminModule', () => {
  it('rolls back completely: the next text is answered by the stable version, and the answers of the canary are purged', async () => {
    expect((await app.fetch('/admin/canary')).status).toBe(404);
    expect(await app.predict(TEXT)).toBe('v2');
    expect(await isCached('v2')).toBe(true);

    const view = await app.get(RolloutAdmin).act('sentiment', 'rollback', { requestId: 'r' });
    expect(view.phase).toBe('rolled_back');
    expect(await app.predict(TEXT)).toBe('v1');
    await vi.waitFor(async () => {
      expect(await isCached('v2')).toBe(false);
    });
    expect(await isCached('v1')).toBe(true);
    expect(app.lines).toContain('sentiment/v2 was rolled back: 1 of its answers left the cache');
    expect(app.lines).toContainEqual(expect.stringMatching(/^sentiment\/v2 drained: 0 texts were in flight/));
  });

  it('loads the version that a changed file names, and gives it its traffic once it is ready', async () => {
    expect(app.state('v3')).toBe('discovered');
    place.configure('stable: v1, canary: v3, percent: 100, mode: manual');
    await vi.waitFor(async () => {
      expect(app.state('v3')).toBe('ready');
      expect(await app.predict(TEXT)).toBe('v3');
    }, 20_000);
    expect(app.pool.loads).toEqual(['v1', 'v2', 'v3']);
  });

  it('publishes one change for a promotion, and none while nothing changes', async () => {
    const inForce = app.get(RolloutsInForce);
    const phases: string[] = [];
    inForce.subscribe(({ phase, answering }) => phases.push(`${phase} ${answering.version.version}`));
    await app.get(RolloutAdmin).act('sentiment', 'promote', { requestId: 'r' });
    expect(phases).toEqual(['promoted v2']);
    // More than one tick of the driver.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(phases).toEqual(['promoted v2']);
  });
});
