import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RolloutInForce } from '../../src/rollout/rollout-in-force.js';
import type { RolloutsInForce } from '../../src/service/in-force/rollouts-in-force.js';
import type { VersionLoader } from '../../src/service/inference/version-loader.js';
import {
  built,
  codes,
  DIST,
  infer,
  poolIs,
  startPool,
  until,
  values,
  workerPids,
  type Running,
} from './pool-harness.js';
import { TempRegistry } from '../support/temp-registry.js';

/** Each test starts a pool of its own, and some see workers die. */
vi.setConfig({ testTimeout: 90_000 });

let registry: TempRegistry;
let running: Running;
let loader: VersionLoader;
let inForce: RolloutsInForce;
let others: Set<number>;

/** The real worker; before it loads v3 it notes its process id, and waits until as many loads are allowed. */
const gatedWorker = (folder: string, onLoad = ''): string => `
import { appendFileSync, readFileSync } from 'node:fs';
await import(${JSON.stringify(pathToFileURL(resolve(DIST, 'engine/worker/entry.js')).href)});
const sleeper = new Int32Array(new SharedArrayBuffer(4));
process.prependListener('message', ({ type, spec }) => {
  if (type !== 'load' || !spec.key.includes('/v3@')) return;
  appendFileSync(${JSON.stringify(join(folder, 'began'))}, process.pid + ' ');
  ${onLoad}
  const turn = readFileSync(${JSON.stringify(join(folder, 'began'))}, 'utf8').trim().split(' ').length;
  while (readFileSync(${JSON.stringify(join(folder, 'allowed'))}, 'utf8').length < turn) Atomics.wait(sleeper, 0, 0, 5);
});
`;

const began = (): number[] => {
  const file = join(registry.folder, 'began');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').map(Number) : [];
};
const allowOne = (): void => {
  appendFileSync(join(registry.folder, 'allowed'), 'x');
};
const mine = (): number[] => workerPids().filter((pid) => !others.has(pid));
const state = (name: string): string => running.registry.status('sentiment', name).state;
const refusal = (code: string, message: RegExp): object =>
  expect.objectContaining({ code, message: expect.stringMatching(message) as string }) as object;

/** Puts a rollout in force, as the service of rollouts would. */
function publish(roles: {
  stable: string;
  canary?: string;
  lastGood?: string;
  percent?: number;
  shadow?: boolean;
}): void {
  const before = inForce.of('sentiment');
  if (before === undefined) throw new Error('sentiment has nothing in force');
  const { stable, canary, lastGood, percent = 0, shadow = false } = roles;
  const candidate = (version: string): RolloutInForce['stable'] => {
    const digest = running.registry.status('sentiment', version).version?.digest ?? '';
    return { version: { version, digest }, policy: null, digest };
  };
  inForce.publish({
    ...before,
    stable: candidate(stable),
    answering: candidate(stable),
    canary: canary === undefined ? null : candidate(canary),
    lastGood: lastGood === undefined ? null : candidate(lastGood),
    percent,
    shadow,
  });
}

async function start(env: Record<string, string> = {}, onLoad?: string): Promise<void> {
  others = new Set(workerPids());
  const worker = join(registry.folder, 'gated-worker.mjs');
  writeFileSync(join(registry.folder, 'allowed'), '');
  writeFileSync(worker, gatedWorker(registry.folder, onLoad));
  running = await startPool(
    { MODEL_REGISTRY: registry.folder, WORKERS: '1', SPARE_WORKERS: '1', ...env },
    worker,
  );
  const inference = await built<typeof import('../../src/service/inference/version-loader.js')>(
    'service/inference/version-loader.js',
  );
  const published = await built<typeof import('../../src/service/in-force/rollouts-in-force.js')>(
    'service/in-force/rollouts-in-force.js',
  );
  loader = running.app.get(inference.VersionLoader);
  inForce = running.app.get(published.RolloutsInForce);
  await until(() => state('v1') === 'ready' && state('v2') === 'ready');
}

beforeEach(() => {
  registry = new TempRegistry();
  registry.addVersion('v3');
});
afterEach(async () => {
  await running.app.close();
  registry.delete();
});

describe('a version is loaded while serving', () => {
  it('into the spare first, which then changes places with the worker: at no time does the load keep a text waiting', async () => {
    await start();
    const loaded = loader.load('sentiment', 'v3');
    for (const turn of [1, 2]) {
      await until(() => began().length === turn);
      // Whoever loads is stopped here; it would hold up whatever was sent to it.
      expect(values(await infer(running, ['a film'], 'v1'))).toHaveLength(1);
      expect(running.pool.status()).toMatchObject({ workersReady: 1, restarts: 0 });
      expect(() => running.registry.resolve('sentiment', 'v3')).toThrow(
        refusal('VERSION_NOT_READY', /not ready/),
      );
      allowOne();
    }
    await loaded;
    expect(new Set(began())).toEqual(new Set(mine()));
    const [v2, v3] = [
      await infer(running, ['a fine film'], 'v2'),
      await infer(running, ['a fine film'], 'v3'),
    ];
    expect(values(v3)[0]?.answer.value.scores).toEqual(values(v2)[0]?.answer.value.scores);
  });

  it('without a spare, into one worker after the other', async () => {
    await start({ WORKERS: '2', SPARE_WORKERS: '0' });
    const loaded = loader.load('sentiment', 'v3');
    for (const turn of [1, 2]) {
      await until(() => began().length === turn);
      expect(values(await infer(running, ['a film', 'another film', 'a third film'], 'v1'))).toHaveLength(3);
      allowOne();
    }
    await loaded;
    expect(values(await infer(running, ['a film'], 'v3'))).toHaveLength(1);
  });

  it('and a worker that starts later has it too', async () => {
    await start();
    allowOne();
    allowOne();
    await loader.load('sentiment', 'v3');
    const pids = mine();
    allowOne();
    allowOne();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await poolIs(
      running,
      ({ restarts, workersReady, spareReady }) => restarts === 2 && workersReady + spareReady === 2,
    );
    expect(values(await infer(running, ['a film'], 'v3'))).toHaveLength(1);
  });
});

describe('a version that ends the processes that load it', () => {
  it('is condemned after two of them, while every text is answered and the worker lives', async () => {
    await start({}, 'process.kill(process.pid, "SIGSEGV");');
    let stop = false;
    let answered = 0;
    const client = async (): Promise<void> => {
      for (; !stop; answered++) values(await infer(running, [`film number ${String(answered)}`], 'v1'));
    };
    const served = client();
    await expect(loader.load('sentiment', 'v3')).rejects.toThrow(
      refusal('VERSION_REFUSED', /2 worker processes died while loading it \(signal SIGSEGV\)/),
    );
    expect(began()).toHaveLength(2);
    await poolIs(running, ({ workersReady, spareReady }) => workersReady === 1 && spareReady === 1);
    const before = answered;
    await until(() => answered > before + 5);
    stop = true;
    await served;
    expect(state('v3')).toBe('failed');
    expect(running.pool.status().restarts).toBe(2);
  });
});

describe('calls that meet', () => {
  it('on one version: the second is told CONFLICT, and whoever only needs it loaded joins the first', async () => {
    await start();
    const first = loader.load('sentiment', 'v3');
    await expect(loader.load('sentiment', 'v3')).rejects.toThrow(refusal('CONFLICT', /already/));
    await expect(loader.unload('sentiment', 'v3')).rejects.toThrow(refusal('CONFLICT', /already/));
    const joined = loader.ensureLoaded('sentiment', 'v3');
    allowOne();
    allowOne();
    await Promise.all([first, joined]);
    await loader.load('sentiment', 'v3');
    expect(began()).toHaveLength(2);
  });

  it('on two versions: one waits for the other', async () => {
    registry.addVersion('v4');
    await start();
    const both = Promise.all([loader.load('sentiment', 'v3'), loader.load('sentiment', 'v4')]);
    await until(() => began().length === 1);
    expect(state('v4')).toBe('discovered');
    allowOne();
    allowOne();
    await both;
    expect(codes(await infer(running, ['a film'], 'v4'))).toEqual([null]);
  });
});

describe('an unload', () => {
  it('answers what waits and runs, and refuses what comes later', async () => {
    await start();
    const texts = Array.from(
      { length: 200 },
      (_, i) => `film number ${String(i)}, which was neither good nor bad`,
    );
    const outcomes = infer(running, texts);
    const unloaded = loader.unload('sentiment', 'v2');
    await until(() => state('v2') === 'draining');
    expect(() => running.registry.resolve('sentiment', 'v2')).toThrow(
      refusal('VERSION_NOT_READY', /draining/),
    );
    await unloaded;
    expect(values(await outcomes)).toHaveLength(200);
    expect(state('v2')).toBe('unloaded');
    await expect(loader.unload('sentiment', 'v2')).rejects.toThrow(refusal('CONFLICT', /is unloaded/));
    await loader.ensureLoaded('sentiment', 'v2');
    expect(values(await infer(running, ['a film']))).toHaveLength(1);
  });

  it('spares what traffic depends on: stable, a canary with traffic or in the shadow, and the way back', async () => {
    await start();
    await expect(loader.unload('sentiment', 'v1')).rejects.toThrow(refusal('VERSION_REFUSED', /is stable/));
    publish({ stable: 'v1', canary: 'v2', percent: 5 });
    await expect(loader.unload('sentiment', 'v2')).rejects.toThrow(
      refusal('VERSION_REFUSED', /5 % of the traffic/),
    );
    publish({ stable: 'v1', canary: 'v2', shadow: true });
    await expect(loader.unload('sentiment', 'v2')).rejects.toThrow(
      refusal('VERSION_REFUSED', /canary in shadow mode/),
    );
    publish({ stable: 'v2', lastGood: 'v1' });
    await expect(loader.unload('sentiment', 'v1')).rejects.toThrow(
      refusal('VERSION_REFUSED', /rollback leads back/),
    );
    publish({ stable: 'v2' });
    await loader.unload('sentiment', 'v1');
    expect(values(await infer(running, ['a film']))).toHaveLength(1);
  });
});
