import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@redis/client';
import { vi } from 'vitest';

/** Why the tests with Redis cannot run here; null where they can. With CI=true a skipped test is a failure. */
export const NO_REDIS =
  spawnSync('redis-server', ['--version']).status === 0 ? null : 'redis-server is not installed';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A real redis-server of the test's own, which nothing survives but its port. */
export class RedisServer {
  private child: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    /** Where it saves its data. */
    readonly folder: string,
    private readonly options: readonly string[],
  ) {}

  /** @param options of redis-server's command line, e.g. `--requirepass`. */
  static async start(...options: string[]): Promise<RedisServer> {
    const server = await RedisServer.none(...options);
    await server.start();
    return server;
  }

  /** A port where no server listens yet. */
  static async none(...options: string[]): Promise<RedisServer> {
    return new RedisServer(await freePort(), mkdtempSync(join(tmpdir(), 'serin-redis-')), options);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it, empty, on the same port as ever. */
  async start(): Promise<void> {
    const child = spawn(
      'redis-server',
      [
        '--port',
        String(this.port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--dir',
        this.folder,
        ...this.options,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    running.add(child);
    child.on('close', () => running.delete(child));
    this.child = child;
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await vi.waitFor(
      () => {
        if (!output.includes('Ready to accept connections')) throw new Error(`not ready: ${output}`);
      },
      { timeout: 10_000, interval: 5 },
    );
  }

  /** Ends it as a crash would: nothing is saved, no goodbye. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, 'close');
    child.kill('SIGKILL');
    await closed;
  }

  /** It keeps its connections and answers nobody. */
  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  /** Sends one command on a connection of the test's own. */
  async command(...args: string[]): Promise<unknown> {
    const client = createClient({ url: this.url });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
