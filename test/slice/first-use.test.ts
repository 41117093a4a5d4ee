import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SERIN_CONFIG, type SerinConfig } from '../../src/base/config/serin-config.js';
import type { Problem } from '../../src/base/errors/problem.js';
import type { RollingResult } from '../../src/engine/pool/rolling-load.js';
import type { ModelVersion } from '../../src/registry/model-version.js';
import { Readiness } from '../../src/service/health/readiness.js';
import { ModelRegistryService } from '../../src/service/model-registry/model-registry.service.js';
import { Metrics } from '../../src/service/observability/metrics.js';
import { FakeExecutor } from '../support/fake-executor.js';
import { configFile } from '../support/rollout-client.js';
import { SliceApp } from '../support/slice-app.js';
import { TempRegistry } from '../support/temp-registry.js';

/** Loads of `tone` wait until the test lets them go on, and fail when it says so. */
let goOn: () => void;
let gate: Promise<void>;
let fails: boolean;
let loads: string[];

@Injectable()
class HeldLoads extends FakeExecutor {
  constructor(
    @Inject(SERIN_CONFIG) config: SerinConfig,
    private readonly versions: ModelRegistryService,
    metrics: Metrics,
  ) {
    super(config, versions, metrics);
  }

  override async loadOneByOne(version: ModelVersion): Promise<RollingResult> {
    if (version.model === 'tone') {
      loads.push(version.version);
      await gate;
      if (fails) {
        this.versions.setState(version, 'failed', 'the disk is gone');
        return { ok: false, reason: 'the disk is gone' };
      }
    }
    return super.loadOneByOne(version);
  }
}

const CONFIG = `
rollout:
  sentiment: { stable: v1 }
  tone: { stable: v1, canary: v2 }
models:
  tone: { load: first_use }
`;

let registry: TempRegistry;
let service: SliceApp;

beforeEach(async () => {
  gate = new Promise((resolve) => (goOn = resolve));
  fails = false;
  loads = [];
  registry = new TempRegistry();
  for (const version of ['v1', 'v2']) {
    const folder = join(registry.folder, 'tone', version);
    mkdirSync(dirname(folder), { recursive: true });
    cpSync(registry.path(version), folder, { recursive: true, dereference: true });
    const manifest = join(folder, 'manifest.json');
    const like = JSON.parse(readFileSync(manifest, 'utf8')) as object;
    writeFileSync(manifest, JSON.stringify({ ...like, model: 'tone' }));
  }
  service = await SliceApp.listen(
    { MODEL_REGISTRY: registry.folder, SERIN_CONFIG: configFile(CONFIG) },
    HeldLoads,
  );
  await vi.waitUntil(() => service.get(Readiness).problem() === null, { timeout: 10_000 });
});

afterEach(async () => {
  goOn();
  await service.stop();
  registry.delete();
});

const ask = (body: object, headers = {}): Promise<Response> => service.post('/predict', body, headers);
const stateOf = (version: string): string => service.get(ModelRegistryService).status('tone', version).state;

describe('a model that is loaded at its first use', () => {
  it('costs nothing at the start, and the service is ready without it', async () => {
    expect([stateOf('v1'), stateOf('v2')]).toEqual(['discovered', 'discovered']);
    expect((await service.fetch('/health/ready')).status).toBe(200);
    expect((await ask({ text: 'Good.' })).status).toBe(200);
    expect(loads).toEqual([]);
  });

  it('lets its first callers wait for one load, and loads the other versions with a role after it', async () => {
    const waiting = [ask({ text: 'Good.', model: 'tone' }), ask({ text: 'Better.', model: 'tone' })];
    goOn();
    for (const answer of await Promise.all(waiting)) {
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ model_name: 'tone', model_version: 'v1' });
    }
    expect((await ask({ text: 'Good.', model: 'tone', version: 'v2' })).status).toBe(200);
    expect(loads).toEqual(['v1', 'v2']);
  });

  it('tells a caller that has no time to come back, and goes on loading', async () => {
    const refused = await ask({ text: 'Good.', model: 'tone' }, { 'x-deadline-ms': '20' });
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await refused.json()) as Problem).toMatchObject({
      code: 'VERSION_NOT_READY',
      detail:
        'The version v1 of tone is loaded at its first use, which takes longer than this request had time.',
    });
    goOn();
    expect((await ask({ text: 'Good.', model: 'tone' })).status).toBe(200);
  });

  it('is not tried again after it failed', async () => {
    fails = true;
    goOn();
    for (const [text, why] of [
      ['Good.', 'was not loaded: the disk is gone'],
      ['Better.', 'is failed, not ready'],
    ]) {
      const answer = await ask({ text, model: 'tone' });
      expect(answer.status).toBe(503);
      expect(((await answer.json()) as Problem).detail).toContain(why);
    }
    expect(loads.filter((version) => version === 'v1')).toHaveLength(1);
  });
});
