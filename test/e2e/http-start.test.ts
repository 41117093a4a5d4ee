import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ONE_VERSION, Service, type LogLine, type Settings } from './harness.js';

const ROOT = resolve(import.meta.dirname, '../..');
const REGISTRY = resolve(ROOT, process.env.MODEL_REGISTRY ?? 'model-registry');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-start-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Starts what cannot start: its exit code and what it said on stderr. */
async function failStart(
  settings: Settings,
): Promise<{ code: unknown; said: string; lines: readonly LogLine[] }> {
  const service = Service.spawn(settings);
  return { code: await service.ended(), said: service.stderr, lines: service.lines };
}

const rollout = (name: string, yaml: string): string => {
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, yaml);
  return file;
};

describe('a start that cannot work ends with 2 and one sentence', () => {
  it.concurrent.each<[string, () => Settings, RegExp]>([
    [
      'a registry that is missing',
      () => ({ MODEL_REGISTRY: join(folder, 'nowhere') }),
      /registry .*nowhere is not a folder.*MODEL_REGISTRY/,
    ],
    [
      'a registry that is empty',
      () => ({ MODEL_REGISTRY: mkdtempSync(join(folder, 'empty-')) }),
      /registry .* is empty/,
    ],
    ['a wrong port', () => ({ PORT: 'http' }), /PORT \(environment\) is "?http"?: .*0 to 65535/],
    ['an address of another machine', () => ({ HOST: '192.0.2.1' }), /Cannot listen on 192\.0\.2\.1.*HOST/],
    [
      'a version that is not there',
      () => ({
        SERIN_CONFIG: rollout('v9', 'default_model: sentiment\nrollout:\n  sentiment:\n    stable: v9\n'),
      }),
      /no version v9; it has v1/,
    ],
  ])('%s', async (_, settings, sentence) => {
    const { code, said, lines } = await failStart(settings());
    expect(code).toBe(2);
    expect(said).toMatch(sentence);
    expect(said).not.toMatch(/ at .*\.js:/);
    expect(lines.filter(({ stack }) => stack !== undefined)).toEqual([]);
  });

  it('a port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, said } = await failStart({ PORT: String(port) });
    holder.close();
    expect(code).toBe(2);
    expect(said).toBe(
      `serin: Cannot listen on 127.0.0.1, port ${port}: it is taken; stop what listens there or set PORT to a free one.\n`,
    );
  });

  it('a second port that is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const { code, said } = await failStart({ ADMIN_PORT: String(port) });
    holder.close();
    expect(code).toBe(2);
    expect(said).toBe(
      `serin: Cannot listen on 127.0.0.1, port ${port}: it is taken; stop what listens there or set ADMIN_PORT to a free one.\n`,
    );
  });
});

describe('too few files that the process may open', () => {
  it.each([64, 256])('%d: the start ends with 2 and what is needed', async (openFiles) => {
    const service = Service.spawn({}, undefined, openFiles);
    expect(await service.ended()).toBe(2);
    expect(service.stderr).toMatch(
      new RegExp(`^serin: This process may open ${openFiles} files .* needs 640 .*ulimit -n 4096.*\\n$`),
    );
  });

  it('640: it starts, says how many connections it serves, and counts and tells those that it closes', async () => {
    const service = Service.spawn(ONE_VERSION, undefined, 640);
    const sockets: Socket[] = [];
    try {
      await service.listening();
      await service.line(({ msg }) => msg === 'ready');
      const warning = await service.line(({ context }) => context === 'Http');
      const most = Number(/at most (\d+) connections/.exec(warning.msg)?.[1]);
      const { hostname, port } = new URL(service.url);
      const open = async (): Promise<Socket> => {
        const socket = connect(Number(port), hostname);
        sockets.push(socket.on('error', () => undefined));
        await once(socket, 'connect');
        return socket;
      };
      while (sockets.length < most) await open();
      // The service has room for a worker to replace the one that dies.
      const [worker] = service.workerPids();
      process.kill(worker ?? 0, 'SIGKILL');
      const told = (): LogLine | undefined =>
        service.lines.find(({ msg }) => msg.includes('closed unserved'));
      let closed = 0;
      while (told() === undefined) {
        await once(await open(), 'close');
        closed++;
      }
      expect(told()?.msg).toMatch(/^\d+ connections were closed unserved .*\(640\)/);
      for (const socket of sockets) socket.destroy();
      const metrics = await vi.waitFor(async () => (await service.fetch('/metrics')).text());
      const counted = /^serin_connections_refused_total (\d+)$/m.exec(metrics)?.[1];
      expect(Number(counted)).toBeGreaterThanOrEqual(closed);
      await vi.waitFor(async () => {
        expect((await service.fetch('/health/ready')).status).toBe(200);
      }, 30_000);
    } finally {
      for (const socket of sockets) socket.destroy();
      await service.stop();
    }
  });
});

describe.concurrent('a canary that is damaged', () => {
  it('fails with its reason, and the stable version serves: degraded, and ready', async () => {
    const registry = join(folder, 'damaged');
    cpSync(REGISTRY, registry, { recursive: true });
    const file = join(registry, 'sentiment/v2/tokenizer.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('hello', 'hullo'));

    const service = await Service.start({ MODEL_REGISTRY: registry, CANARY_PERCENT: '100' });
    try {
      const health = await service.fetch('/health');
      expect(health.status).toBe(200);
      expect(await health.json()).toMatchObject({
        status: 'degraded',
        model_name: 'sentiment',
        model_version: 'v1',
        tokenization: { status: expect.stringMatching(/up|degraded/) as string, texts: 4 },
        details: {
          versions: {
            status: 'degraded',
            'sentiment/v2': expect.stringMatching(/failed.*tokenizer\.json/) as string,
          },
        },
        error: {},
      });
      expect((await service.fetch('/health/ready')).status).toBe(200);
      const answer = (await (await service.post('/predict', { text: 'A film.' })).json()) as {
        model_version: string;
      };
      expect(answer.model_version).toBe('v1');
      const pinned = await service.post('/predict', { text: 'A film.', version: 'v2' });
      expect([pinned.status, ((await pinned.json()) as { code: string }).code]).toEqual([
        503,
        'VERSION_NOT_READY',
      ]);
      const { versions } = (await (await service.fetch('/models/sentiment')).json()) as {
        versions: { state: string; reason: string | null }[];
      };
      expect(versions.map(({ state }) => state)).toEqual(['ready', 'failed']);
      expect(versions[1]?.reason).toMatch(/tokenizer\.json/);
    } finally {
      await service.stop();
    }
  });

  it('stable one: not ready, alive, and it says why', async () => {
    const registry = join(folder, 'broken');
    cpSync(REGISTRY, registry, { recursive: true });
    writeFileSync(join(registry, 'sentiment/v1/model.onnx'), 'not a model');
    const service = Service.spawn({ MODEL_REGISTRY: registry });
    try {
      await service.listening();
      await service.line(({ msg }) => msg.startsWith('sentiment/v1 failed'));
      const health = await service.fetch('/health');
      expect(health.status).toBe(503);
      expect(await health.json()).toMatchObject({
        status: 'error',
        error: { inference: { status: 'down' } },
      });
      expect((await service.fetch('/health/live')).status).toBe(200);
      const ready = await service.fetch('/health/ready');
      expect([ready.status, ((await ready.json()) as { status: string }).status]).toEqual([503, 'error']);
      expect((await service.post('/predict', { text: 'A film.' })).status).toBe(503);
    } finally {
      await service.stop();
    }
  });
});

describe('health', () => {
  it('logs a change, not each check', async () => {
    const service = Service.spawn();
    try {
      await service.listening();
      for (let i = 0; i < 5; i++) await service.fetch('/health/ready');
      await service.line(({ msg }) => msg === 'ready');
      for (let i = 0; i < 5; i++) await service.fetch('/health/ready');
      await service.line(({ context, msg }) => context === 'Health' && msg === 'readiness is up again');
      const said = service.lines.filter(({ context }) => context === 'Health').map(({ msg }) => msg);
      expect(said).toEqual([
        expect.stringMatching(/^readiness is down: /) as string,
        'readiness is up again',
      ]);
    } finally {
      await service.stop();
    }
  });
});

describe('a reader of the log that goes away', () => {
  it('does not end the service', async () => {
    const dist = resolve(ROOT, process.env.SERIN_DIST ?? 'dist');
    const port = await freePort();
    const { PATH, MODEL_REGISTRY = REGISTRY } = process.env;
    const env = {
      PATH,
      MODEL_REGISTRY,
      PORT: String(port),
      WORKERS: '1',
      SPARE_WORKERS: '0',
      SHUTDOWN_DELAY_MS: '0',
    };
    const child = spawn(process.execPath, [join(dist, 'main.js')], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const alive = (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/health/live`).then(
        ({ status }) => status,
        () => 0,
      );
    // Each answer writes a line to the broken pipe.
    for (let answered = 0; answered < 20;) if ((await alive()) === 200) answered++;
    const lines = await fetch(`http://127.0.0.1:${port}/metrics`).then((response) => response.text());
    expect(lines).toContain('route="/health/live",model="",version="",status="200",code=""} 20');
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect(child.exitCode).toBe(0);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('a log that cannot be written', () => {
  it('is said once on stderr; the service serves on, and ends when it is told to', async () => {
    const dist = resolve(ROOT, process.env.SERIN_DIST ?? 'dist');
    const port = await freePort();
    const { PATH, MODEL_REGISTRY = REGISTRY } = process.env;
    // Every write to /dev/full fails as on a full disk.
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [join(dist, 'main.js')], {
      cwd: ROOT,
      env: {
        PATH,
        MODEL_REGISTRY,
        PORT: String(port),
        WORKERS: '1',
        SPARE_WORKERS: '0',
        SHUTDOWN_DELAY_MS: '0',
      },
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    if (child.stderr === null) throw new Error('no pipe');
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await once(child.stderr, 'data');
    const alive = (): Promise<number> =>
      fetch(`http://127.0.0.1:${port}/health/live`).then(
        ({ status }) => status,
        () => 0,
      );
    for (let answered = 0; answered < 20;) if ((await alive()) === 200) answered++;
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    // Once, and not ten times a second.
    expect(said).toBe('serin: nothing is logged any more, stdout says ENOSPC\n');
  });
});
