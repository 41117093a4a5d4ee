import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { cacheKeyOf } from '../../src/service/cache/cache-key.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { ask } from '../support/cache-harness.js';
import { change, known, PIPELINES, registryWithPipelines, TOKEN } from '../support/pipelines.js';
import { configFile } from '../support/rollout-client.js';
import { SliceApp } from '../support/slice-app.js';
import type { TempRegistry } from '../support/temp-registry.js';

describe('loading a version with a pipeline', () => {
  let registry: TempRegistry;
  let service: SliceApp;
  beforeAll(async () => {
    registry = registryWithPipelines();
    service = await SliceApp.start({ ADMIN_TOKEN: TOKEN, MODEL_REGISTRY: registry.folder }, PIPELINES);
  });
  afterAll(async () => {
    await service.stop();
    registry.delete();
  });

  const add = (name: string, pipeline: string, uses: Readonly<Record<string, string>>): void => {
    registry.addPipeline(name, pipeline, uses);
  };

  it('loads what it uses first, and holds it until the last user is unloaded', async () => {
    const v3 = registry.digestOf('v3');
    add('first', 'mean', { v3 });
    add('second', 'mean', { v3, v1: registry.digestOf('v1') });
    expect(known(service, 'v3').state).toBe('discovered');
    expect(await change(service, 'load', 'first')).toMatchObject({ status: 200, state: 'ready' });
    expect(known(service, 'v3').state).toBe('ready');
    expect(await change(service, 'load', 'second')).toMatchObject({ status: 200, state: 'ready' });

    const refused = { status: 409, code: 'VERSION_REFUSED' };
    expect(await change(service, 'unload', 'v3')).toMatchObject({
      ...refused,
      detail:
        'The version v3 of sentiment is used by sentiment/first, which is loaded; unload that one first.',
    });
    expect(await change(service, 'unload', 'first')).toMatchObject({ status: 200, state: 'unloaded' });
    expect(await ask(service, 'Gone.', { version: 'first' })).toMatchObject({ code: 'VERSION_NOT_READY' });
    expect(await change(service, 'unload', 'v3')).toMatchObject({
      ...refused,
      detail: expect.stringContaining('used by sentiment/second') as string,
    });
    expect(await change(service, 'unload', 'second')).toMatchObject({ status: 200 });
    expect(await change(service, 'unload', 'v3')).toMatchObject({ status: 200, state: 'unloaded' });
  });

  it('answers the texts that run before it is unloaded', async () => {
    add('drains', 'mean', { v1: registry.digestOf('v1') });
    await change(service, 'load', 'drains');
    service.executor.hold();
    const running = ask(service, 'It runs.', { version: 'drains' });
    await vi.waitUntil(() => service.executor.status().queuedTexts === 1, { timeout: 5_000 });
    const unloaded = change(service, 'unload', 'drains');
    await vi.waitUntil(() => known(service, 'drains').state === 'draining', { timeout: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(known(service, 'drains').state).toBe('draining');
    service.executor.release();
    expect(await running).toMatchObject({ status: 200, model_version: 'drains' });
    expect(await unloaded).toMatchObject({ status: 200, state: 'unloaded' });
  });

  it.each([
    [
      'names a pipeline that the release does not have',
      'nowhere',
      () => ({ v1: registry.digestOf('v1') }),
      'its pipeline "nowhere" is unknown; this release has mean, broken, short, stray',
    ],
    [
      'uses a version that is loaded with other files',
      'mean',
      () => ({ v1: 'a'.repeat(64) }),
      /^it uses sentiment\/v1 with the digest aaaaaaaaaaaa, but the registry has it with [0-9a-f]{12}$/,
    ],
    [
      'uses a version that is not there',
      'mean',
      () => ({ v9: 'a'.repeat(64) }),
      /^it uses sentiment\/v9, which cannot be loaded: The model sentiment has no version "v9"; it has /,
    ],
  ])('fails with the reason when it %s', async (title, pipeline, uses, reason) => {
    const name = `fails-${String(title.length)}`;
    add(name, pipeline, uses());
    expect(await change(service, 'load', name)).toMatchObject({ status: 409, code: 'VERSION_REFUSED' });
    expect(known(service, name)).toMatchObject({
      state: 'failed',
      reason: typeof reason === 'string' ? reason : (expect.stringMatching(reason) as string),
    });
  });

  it('fails with a version that it uses, is loaded again with it, and frees it meanwhile', async () => {
    registry.addVersion('v5');
    add('fragile', 'mean', { v5: registry.digestOf('v5') });
    registry.flipByte('v5', 'model.onnx');
    expect(await change(service, 'load', 'fragile')).toMatchObject({ code: 'VERSION_REFUSED' });
    expect(known(service, 'fragile')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(
        /^it uses sentiment\/v5, which failed: model\.onnx does not match/,
      ) as string,
    });
    registry.flipByte('v5', 'model.onnx');
    expect(await change(service, 'load', 'fragile')).toMatchObject({ status: 200 });

    const { version: v5 } = known(service, 'v5');
    if (v5 === null) throw new Error('v5 is not there');
    const states = service.get(ModelRegistryService);
    states.setState(v5, 'failed', 'its worker died');
    expect(known(service, 'fragile')).toMatchObject({
      state: 'failed',
      reason: 'it uses sentiment/v5, which failed: its worker died',
    });
    states.setState(v5, 'ready');
    expect(known(service, 'fragile')).toMatchObject({ state: 'ready', reason: null });
    states.setState(v5, 'failed', 'its worker died');
    states.setState(v5, 'ready');
    expect(await change(service, 'unload', 'v5')).toMatchObject({ code: 'VERSION_REFUSED' });
  });

  it('has answers of its own once it uses another digest', async () => {
    add('rebound', 'mean', { v1: registry.digestOf('v1') });
    await change(service, 'load', 'rebound');
    const text = 'One text, two bindings.';
    const { version: before } = known(service, 'rebound');
    expect(await ask(service, text, { version: 'rebound' })).toMatchObject({ cache_hit: false });
    expect(await ask(service, text, { version: 'rebound' })).toMatchObject({ cache_hit: true });
    await change(service, 'unload', 'rebound');
    add('rebound', 'mean', { v2: registry.digestOf('v2') });
    await change(service, 'load', 'rebound');
    const { version: after } = known(service, 'rebound');
    if (before === null || after === null) throw new Error('rebound is not there');
    expect(cacheKeyOf(after, text).id).not.toBe(cacheKeyOf(before, text).id);
    const other = await ask(service, text, { version: 'rebound' });
    const v2 = await ask(service, text, { version: 'v2' });
    expect(other).toMatchObject({ cache_hit: false, score: v2.score });
  });
});

describe('a version with a pipeline that has a role', () => {
  it('is loaded at the start, after the versions that it uses, and answers', async () => {
    const registry = registryWithPipelines();
    registry.addPipeline('both', 'mean', { v2: registry.digestOf('v2'), v3: registry.digestOf('v3') });
    const settings = { ADMIN_TOKEN: TOKEN, MODEL_REGISTRY: registry.folder };
    const config = configFile('rollout:\n  sentiment: { stable: both }\n');
    const service = await SliceApp.start({ ...settings, SERIN_CONFIG: config }, PIPELINES);
    try {
      expect(known(service, 'v3').state).toBe('ready');
      expect(await ask(service, 'Stable.')).toMatchObject({ status: 200, model_version: 'both' });
      expect((await service.fetch('/health')).status).toBe(200);
      expect(await change(service, 'unload', 'v3')).toMatchObject({ code: 'VERSION_REFUSED' });
    } finally {
      await service.stop();
      registry.delete();
    }
  });
});
