import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutView } from '../../src/rollout/rollout-types.js';
import { folder, RolloutSlice, texts } from './rollout-slice.js';

const stateDir = folder();
const settings = { STATE_DIR: stateDir, REQUEST_TIMEOUT_MS: '30000' };
let rollout: RolloutSlice;

const codeOf = async (response: Response): Promise<string> =>
  ((await response.json()) as { code: string }).code;
const viewOf = async (response: Response): Promise<RolloutView> => {
  expect(response.status).toBe(200);
  return (await response.json()) as RolloutView;
};

beforeAll(async () => {
  rollout = await RolloutSlice.start(settings);
});

afterAll(async () => {
  await rollout.service.stop();
});

describe('a rollout by hand', () => {
  it('begins with nothing: the file says 0 %', async () => {
    expect(await rollout.view()).toMatchObject({
      model_name: 'sentiment',
      revision: 0,
      phase: 'idle',
      mode: 'manual',
      stable: { version: 'v1', state: 'ready', accepted: true },
      canary: { version: 'v2', state: 'ready', accepted: true },
      percent: 0,
      decided_by: 'file',
      problems: [],
      history: [],
    });
  });

  it.each<[string, unknown]>([
    ['no share', {}],
    ['null', { percent: null }],
    ['NaN', { percent: 'NaN' }],
    ['text', { percent: '5' }],
    ['less than nothing', { percent: -0.01 }],
    ['more than everything', { percent: 100.01 }],
    ['thousandths', { percent: 0.001 }],
    ['the stable version as its own canary', { version: 'v1', percent: 5 }],
    ['an unknown field', { percent: 5, hold: '1h' }],
    ['a revision that is none', { percent: 5, revision: '0' }],
  ])('refuses %s and changes nothing', async (_, body) => {
    const response = await rollout.put(body);
    expect([response.status, await codeOf(response)]).toEqual([400, 'INVALID_REQUEST']);
    expect((await rollout.view()).revision).toBe(0);
  });

  it('refuses what is not there, and who may not', async () => {
    expect(await codeOf(await rollout.put({ version: 'v9', percent: 5 }))).toBe('VERSION_NOT_FOUND');
    const headers = { authorization: 'Bearer rollout-test', 'content-type': 'application/json' };
    const other = { method: 'PUT', headers, body: '{"percent":5}' };
    expect(await codeOf(await rollout.service.fetch('/admin/canary/none', other))).toBe('MODEL_NOT_FOUND');
    const stranger = {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"percent":5}',
    };
    const refused = await rollout.service.fetch('/admin/canary/sentiment', stranger);
    expect(await codeOf(refused)).toBe('UNAUTHENTICATED');
    expect(await codeOf(await rollout.post('resume'))).toBe('CONFLICT');
  });

  it('gives the canary its share at once, keeps who is in, and writes an audit line', async () => {
    const view = await viewOf(await rollout.put({ percent: 5, revision: 0, reason: 'first look' }));
    expect(view).toMatchObject({ phase: 'running', percent: 5, revision: 1, decided_by: 'state' });
    const at5 = await rollout.versions(texts(256));
    await viewOf(await rollout.put({ percent: 50 }));
    const at50 = await rollout.versions(texts(256));
    const share = (versions: string[]): number => versions.filter((version) => version === 'v2').length / 256;
    // Within four standard deviations; the texts and the salt are fixed.
    expect(Math.abs(share(at5) - 0.05)).toBeLessThan(0.055);
    expect(Math.abs(share(at50) - 0.5)).toBeLessThan(0.125);
    expect(at5.every((version, i) => version === 'v1' || at50[i] === 'v2')).toBe(true);
    expect(
      await rollout.service.line(({ context, action }) => context === 'audit' && action === 'rollout.start'),
    ).toMatchObject({
      model: 'sentiment',
      revision: 1,
      from: { phase: 'idle', percent: 0 },
      to: { phase: 'running', percent: 5, canary: 'v2' },
      by: 'admin',
      cause: 'set v2 at 5 %: first look',
      request_id: expect.any(String) as string,
    });
  });

  it('lets one of two writers win', async () => {
    const { revision } = await rollout.view();
    const both = await Promise.all([
      rollout.put({ percent: 10, revision }),
      rollout.put({ percent: 20, revision }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const lost = both.find(({ status }) => status === 409);
    expect(lost && (await codeOf(lost))).toBe('CONFLICT');
    expect((await rollout.view()).revision).toBe(revision + 1);
  });

  it('rolls back at once', async () => {
    await viewOf(await rollout.put({ percent: 50 }));
    expect(new Set(await rollout.versions(texts(60)))).toEqual(new Set(['v1', 'v2']));
    const view = await viewOf(await rollout.post('rollback', { reason: 'drill' }));
    expect(view).toMatchObject({ phase: 'rolled_back', percent: 0, decided_by: 'rolled_back' });
    expect(new Set(await rollout.versions(texts(60, 60)))).toEqual(new Set(['v1']));
  });

  it('gives what was rolled back nothing until clear', async () => {
    expect(await codeOf(await rollout.put({ percent: 5 }))).toBe('CONFLICT');
    expect(await codeOf(await rollout.post('promote'))).toBe('CONFLICT');
    expect((await viewOf(await rollout.post('rollback'))).phase).toBe('rolled_back');
    expect(await viewOf(await rollout.post('clear'))).toMatchObject({
      phase: 'idle',
      percent: 0,
      rolled_back: [],
    });
    expect(await viewOf(await rollout.put({ percent: 5 }))).toMatchObject({ phase: 'running', percent: 5 });
    expect(await viewOf(await rollout.post('pause'))).toMatchObject({ phase: 'paused', percent: 5 });
    expect(await viewOf(await rollout.post('resume'))).toMatchObject({ phase: 'running', percent: 5 });
  });

  it('holds the persisted share at 0 % while CANARY_PERCENT=0 is set, and marks nothing', async () => {
    await rollout.service.stop();
    rollout = await RolloutSlice.start({ ...settings, CANARY_PERCENT: '0' });
    expect(await rollout.view()).toMatchObject({
      phase: 'running',
      percent: 0,
      state_percent: 5,
      decided_by: 'canary_percent_0',
    });
    expect(new Set(await rollout.versions(texts(100)))).toEqual(new Set(['v1']));
    await rollout.service.stop();
    rollout = await RolloutSlice.start({ ...settings, CANARY_PERCENT: '70' });
    expect(await rollout.view()).toMatchObject({ phase: 'running', percent: 5, decided_by: 'state' });
  });

  it('promotes: the canary answers as stable, also after a restart, and the old file is met already', async () => {
    expect(await viewOf(await rollout.post('promote'))).toMatchObject({
      phase: 'promoted',
      stable: { version: 'v2' },
      canary: null,
      last_good: { version: 'v1', state: 'ready' },
    });
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v2']));
    await rollout.service.stop();
    rollout = await RolloutSlice.start(settings);
    expect(await rollout.view()).toMatchObject({
      phase: 'promoted',
      decided_by: 'state',
      already_promoted: true,
      stable: { version: 'v2', state: 'ready' },
      last_good: { version: 'v1', state: 'ready' },
    });
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v2']));
    const models = (await (await rollout.service.fetch('/models/sentiment')).json()) as {
      versions: { version: string; role: string | null }[];
    };
    expect(models.versions.map(({ version, role }) => [version, role])).toEqual([
      ['v1', 'last_good'],
      ['v2', 'stable'],
    ]);
    expect(await (await rollout.service.fetch('/health')).json()).toMatchObject({ model_version: 'v2' });
  });

  it('leads back to the former stable version', async () => {
    expect(await viewOf(await rollout.post('rollback'))).toMatchObject({
      phase: 'rolled_back',
      stable: { version: 'v1' },
      canary: { version: 'v2' },
      last_good: null,
    });
    expect(new Set(await rollout.versions(texts(20)))).toEqual(new Set(['v1']));
  });
});
