import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { type LogLine, Service } from './harness.js';
import { TempRegistry } from '../support/temp-registry.js';

vi.setConfig({ testTimeout: 90_000 });

const ADMIN = { authorization: 'Bearer let-me-in' };
const SETTINGS = { ADMIN_TOKEN: 'let-me-in', CACHE_MAX_ITEMS: '0', SPARE_WORKERS: '1' };

let registry: TempRegistry;
let service: Service;

const change = (
  action: 'load' | 'unload',
  version: string,
  headers = {},
  model = 'sentiment',
): Promise<Response> =>
  service.fetch(`/admin/models/${model}/versions/${version}/${action}`, {
    method: 'POST',
    headers: { ...ADMIN, ...headers },
  });

const problemOf = async (response: Response): Promise<string> => {
  const { status, code, detail } = (await response.json()) as Problem;
  return `${String(status)} ${code}: ${detail}`;
};

interface Shown {
  readonly version: string;
  readonly state: string;
  readonly reason: string | null;
  readonly digest: string | null;
}

async function shown(version: string): Promise<Shown | undefined> {
  const model = (await (await service.fetch('/models/sentiment')).json()) as { versions: Shown[] };
  return model.versions.find((candidate) => candidate.version === version);
}

const residentBytes = (pids: readonly number[]): number =>
  pids.reduce((sum, pid) => {
    const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return sum + 1024 * Number(kilobytes);
  }, 0);

interface Answer {
  readonly status: number;
  readonly code: string | null;
  readonly ms: number;
}

/** Clients that ask without a pause, each text once, until they are told to stop. */
class Load {
  readonly answers: Answer[] = [];
  private stopped = false;
  private readonly clients: Promise<unknown>;

  constructor(clients: number, version?: string) {
    this.clients = Promise.all(Array.from({ length: clients }, (_, n) => this.client(n, version)));
  }

  /** Resolves once this many more answers have come. */
  async more(count: number): Promise<void> {
    const target = this.answers.length + count;
    await vi.waitUntil(() => this.answers.length >= target, { timeout: 60_000, interval: 10 });
  }

  async stop(): Promise<readonly Answer[]> {
    this.stopped = true;
    await this.clients;
    return this.answers;
  }

  private async client(n: number, version?: string): Promise<void> {
    for (let i = 0; !this.stopped; i++) {
      const startedAt = performance.now();
      const text = `client ${String(n)} found film ${String(i)} neither good nor bad`;
      const response = await service.post('/predict', { text, ...(version !== undefined && { version }) });
      const { code = null } = (await response.json()) as Partial<Problem>;
      this.answers.push({ status: response.status, code, ms: performance.now() - startedAt });
    }
  }
}

beforeAll(async () => {
  registry = new TempRegistry();
  service = await Service.start({
    ...SETTINGS,
    MODEL_REGISTRY: registry.folder,
    WORKERS: '2',
    CANARY_PERCENT: '5',
  });
  await vi.waitUntil(() => service.workerPids().length === 3, { timeout: 60_000 });
});
afterAll(async () => {
  await service.stop();
  registry.delete();
});

describe('a version copied into the folder of a running service', () => {
  it('is loaded under load: no request fails, no worker is lost, and it is ready only in the end', async () => {
    const load = new Load(8);
    await load.more(50);
    const workers = service.workerPids();
    registry.addVersion('v3');
    expect(await problemOf(await service.post('/predict', { text: 'a film', version: 'v3' }))).toMatch(
      /^404 VERSION_NOT_FOUND/,
    );
    const startedAt = performance.now();
    const response = await change('load', 'v3');
    const loadMs = performance.now() - startedAt;
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ version: 'v3', state: 'ready', role: null });
    await load.more(50);
    const answers = await load.stop();
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    // Three processes load in turn: whoever waited for one of them waited for a third of all that.
    const slowest = answers.map(({ ms }) => ms).sort((one, other) => other - one);
    expect(slowest[Math.floor(answers.length / 100)]).toBeLessThan(loadMs / 3);
    expect(service.workerPids()).toEqual(workers);
    const said = service.lines.map(({ msg }) => msg).filter((msg) => msg.startsWith('sentiment/v3 is '));
    expect(said.map((msg) => msg.split(' ')[2]?.replace(',', ''))).toEqual([
      'discovered',
      'loading',
      'warming',
      'ready',
    ]);
    const audited = await service.line(
      ({ context, action }) => context === 'audit' && action === 'version.load',
    );
    expect(audited).toMatchObject({ model: 'sentiment', version: 'v3', outcome: 'ready' });
    expect(audited.request_id).toBe(response.headers.get('x-request-id'));
    const metrics = await (await service.fetch('/metrics')).text();
    expect(metrics).toMatch(/^serin_version_load_seconds\{model="sentiment",version="v3"\} \d/m);
    // Three times the 23.6 MB that it reads.
    expect(metrics).toMatch(/^serin_version_memory_bytes\{model="sentiment",version="v3"\} 7\d{7}$/m);
  });

  it('answers, and its load may be repeated', async () => {
    const ask = async (version: string): Promise<unknown> =>
      (
        (await (await service.post('/predict', { text: 'A fine film.', version })).json()) as {
          score: number;
        }
      ).score;
    expect(await ask('v3')).toBe(await ask('v2'));
    expect((await change('load', 'v3')).status).toBe(200);
  });

  it('is not exchanged for another one of its name while it is loaded', async () => {
    const before = await shown('v3');
    registry.changeManifest('v3', { max_tokens: 128 });
    expect(await problemOf(await change('load', 'v3'))).toMatch(
      /^409 VERSION_REFUSED: .*another manifest .*unload it first/,
    );
    expect(await shown('v3')).toEqual(before);
  });

  it('is unloaded under load: whoever named it was answered or told that it is gone, and the memory is back', async () => {
    const [others, pinned] = [new Load(4), new Load(4, 'v3')];
    await pinned.more(20);
    const workers = service.workerPids();
    const before = residentBytes(workers);
    const response = await change('unload', 'v3');
    expect(await response.json()).toMatchObject({ version: 'v3', state: 'unloaded' });
    const after = residentBytes(workers);
    const goneAt = pinned.answers.length;
    await pinned.more(20);
    const answers = await pinned.stop();
    expect((await others.stop()).filter(({ status }) => status !== 200)).toEqual([]);
    expect(answers.filter(({ status, code }) => status !== 200 && code !== 'VERSION_NOT_READY')).toEqual([]);
    // Each of the four clients may have had one answer on its way.
    expect(answers.slice(goneAt + 4).filter(({ code }) => code === null)).toEqual([]);
    expect(service.workerPids()).toEqual(workers);
    // The weights alone are 23 MB in each of the three processes.
    expect(before - after).toBeGreaterThan(3 * 20e6);
  });

  it('may then be exchanged: the name is another version with another digest', async () => {
    const before = await shown('v3');
    expect(await (await change('load', 'v3')).json()).toMatchObject({ state: 'ready', max_tokens: 128 });
    expect((await shown('v3'))?.digest).not.toBe(before?.digest);
    const { tokens } = (await (
      await service.post('/predict', { text: 'film '.repeat(200), version: 'v3' })
    ).json()) as { tokens: number };
    expect(tokens).toBe(128);
    expect((await change('unload', 'v3')).status).toBe(200);
  });
});

describe('what is refused leaves everything as it was', () => {
  const serves = async (): Promise<void> => {
    expect((await service.post('/predict', { text: 'a film' })).status).toBe(200);
    expect((await service.fetch('/health')).status).toBe(200);
  };

  it('a file that is not what the manifest says, until it is mended', async () => {
    registry.addVersion('v4');
    registry.flipByte('v4', 'model.onnx');
    expect(await problemOf(await change('load', 'v4'))).toMatch(
      /^409 VERSION_REFUSED: .*not loaded: model\.onnx does not match its digest/,
    );
    expect(await shown('v4')).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/digest/) as string,
    });
    await serves();
    registry.flipByte('v4', 'model.onnx');
    expect(await (await change('load', 'v4')).json()).toMatchObject({ state: 'ready', reason: null });
    expect((await change('unload', 'v4')).status).toBe(200);
  });

  it('a file that fits its digest and is not a model', async () => {
    registry.addVersion('v5');
    registry.replace('v5', 'model.onnx', 'not a graph');
    expect(await problemOf(await change('load', 'v5'))).toMatch(/^409 VERSION_REFUSED: .*protobuf/i);
    expect(await shown('v5')).toMatchObject({ state: 'failed' });
    await serves();
  });

  it.each([
    ['{ "schema', /manifest\.json is not JSON/],
    ['{}', /schema_version must be 1/],
  ])('a manifest that cannot be read: %s', async (manifest, reason) => {
    registry.write('v6', 'manifest.json', manifest);
    const problem = await problemOf(await change('load', 'v6'));
    expect(problem).toMatch(/^409 VERSION_REFUSED: The version v6 of sentiment was not loaded/);
    expect(problem).toMatch(reason);
    registry.remove('v6');
    expect(await problemOf(await change('load', 'v6'))).toMatch(/^404 VERSION_NOT_FOUND/);
    expect(await shown('v6')).toBeUndefined();
  });

  it.each<['load' | 'unload', string, RegExp]>([
    ['unload', 'v1', /^409 VERSION_REFUSED: The version v1 of sentiment is stable/],
    ['unload', 'v2', /^409 VERSION_REFUSED: The version v2 of sentiment is the canary and gets 5 %/],
    ['unload', 'v5', /^409 CONFLICT: The version v5 of sentiment is failed, not ready/],
    ['unload', 'v9', /^404 VERSION_NOT_FOUND/],
    ['load', 'v9', /^404 VERSION_NOT_FOUND/],
    ['load', '..%2fsentiment%2fv1', /^404 VERSION_NOT_FOUND/],
  ])('%s of %s', async (action, version, problem) => {
    expect(await problemOf(await change(action, version))).toMatch(problem);
    await serves();
  });

  it('another model, no token, and a body in time that no load can meet', async () => {
    expect(await problemOf(await change('load', 'v1', {}, 'nobody'))).toMatch(/^404 MODEL_NOT_FOUND/);
    expect((await change('load', 'v1', { authorization: 'Bearer no' })).status).toBe(401);
    expect(await problemOf(await change('load', 'v4', { 'x-deadline-ms': '1' }))).toMatch(
      /^504 DEADLINE_EXCEEDED/,
    );
    // It went on all the same.
    await vi.waitUntil(async () => (await shown('v4'))?.state === 'ready', { timeout: 60_000, interval: 50 });
  });
});

describe('a service none of whose versions could be loaded', () => {
  it('serves once its stable version is mended and loaded', async () => {
    const broken = new TempRegistry();
    for (const name of ['v1', 'v2']) {
      broken.remove(name);
      broken.addVersion(name);
      broken.flipByte(name, 'model.onnx');
    }
    const lame = Service.spawn({ ...SETTINGS, MODEL_REGISTRY: broken.folder, WORKERS: '2' });
    await lame.listening();
    await lame.line(({ msg }) => msg.startsWith('sentiment/v2 failed'));
    expect((await lame.fetch('/health/ready')).status).toBe(503);
    broken.flipByte('v1', 'model.onnx');
    const path = '/admin/models/sentiment/versions/v1/load';
    expect(await (await lame.fetch(path, { method: 'POST', headers: ADMIN })).json()).toMatchObject({
      state: 'ready',
      role: 'stable',
    });
    expect((await lame.post('/predict', { text: 'a film' })).status).toBe(200);
    expect((await lame.fetch('/health/ready')).status).toBe(200);
    await lame.stop();
    broken.delete();
  });
});

describe('memory', () => {
  it('is found before a version is loaded: a worker would outgrow its limit', async () => {
    // The smallest is nearest to a worker that has just started: the others have held more versions.
    const limit = Math.min(...service.workerPids().map((pid) => residentBytes([pid]))) + 20e6;
    const tight = await Service.start({
      ...SETTINGS,
      MODEL_REGISTRY: registry.folder,
      WORKER_MAX_RSS_BYTES: String(limit),
    });
    const response = await tight.fetch('/admin/models/sentiment/versions/v3/load', {
      method: 'POST',
      headers: ADMIN,
    });
    expect(await problemOf(response)).toMatch(
      /^409 VERSION_REFUSED: The version v3 of sentiment needs about 71 MB in each worker process; one has \d+ MB already, and WORKER_MAX_RSS_BYTES allows \d+ MB/,
    );
    expect((await tight.post('/predict', { text: 'a film' })).status).toBe(200);
    await tight.stop();
  });
});

describe('the end', () => {
  it('is no time to load: the call is told so at once, also one that waits', async () => {
    registry.addVersion('v7');
    const leaving = await Service.start({
      ...SETTINGS,
      MODEL_REGISTRY: registry.folder,
      SHUTDOWN_DELAY_MS: '1000',
    });
    const load = (): Promise<Response> =>
      leaving.fetch('/admin/models/sentiment/versions/v7/load', { method: 'POST', headers: ADMIN });
    const waiting = load();
    await leaving.line(({ msg }: LogLine) => msg === 'sentiment/v7 is loading');
    for (const pid of leaving.workerPids()) process.kill(pid, 'SIGSTOP');
    leaving.signal('SIGTERM');
    await leaving.line(({ msg }) => msg === 'leaving');
    expect(await problemOf(await waiting)).toMatch(/^503 SHUTTING_DOWN/);
    expect(await problemOf(await load())).toMatch(/^503 SHUTTING_DOWN/);
    expect(await leaving.ended()).toBe(0);
  });
});
