import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { freePort } from '../../src/base/free-port.js';
import { readText } from '../support/repository.js';
import { ONE_VERSION, Service } from './harness.js';

// Four starts of the service, on a machine that may do much else.
vi.setConfig({ testTimeout: 180_000 });

/** Debian puts both programs where only root looks. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin`;
const has = (program: string): boolean => spawnSync(program, ['-v'], { env: { PATH } }).status === 0;

/** The first block of a language in docs/deploy.md, with other ports. */
function blockOf(language: string, ports: Readonly<Record<string, number>>): string {
  const [, block = ''] =
    new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readText('docs/deploy.md')) ?? [];
  return block.replace(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${String(ports[port])}`);
}

/** What nginx needs to run from a folder of its own beside the block, which stands in `http`. */
const nginxFile = (folder: string, block: string): string => `
daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events {}
http { access_log off; ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`).join(' ')}
${block}}
`;

let folder: string;
let services: Service[];
let proxy: ChildProcess | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'serin-deploy-'));
  services = [];
});
afterEach(async () => {
  if (proxy?.exitCode === null) {
    const ended = once(proxy, 'close');
    proxy.kill('SIGTERM');
    await ended;
  }
  for (const service of services) service.signal('SIGKILL');
  await Promise.all(services.map((service) => service.ended()));
  rmSync(folder, { recursive: true });
});

const start = async (port: number): Promise<Service> => {
  const service = await Service.start({ ...ONE_VERSION, PORT: String(port), SHUTDOWN_DELAY_MS: '3000' });
  services.push(service);
  return service;
};

/** Asks over the agent's connection, once; the status, or the error of the connection. */
function ask(port: number, agent: Agent, text: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  return new Promise((done) => {
    const answered = (response: IncomingMessage): void => {
      response.resume().on('end', () => {
        done(String(response.statusCode));
      });
    };
    request({ port, host: '127.0.0.1', path: '/predict', method: 'POST', agent, headers }, answered)
      .on('error', ({ message }) => {
        done(message);
      })
      .end(JSON.stringify({ text }));
  });
}

const isOpen = async (port: number): Promise<void> => {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.destroy();
};

describe('the settings of docs/deploy.md lose no request over a rolling restart', () => {
  it.for<readonly [string, (file: string) => string[], (folder: string, block: string) => string]>([
    ['nginx', (file: string) => ['-p', folder, '-c', file, '-e', join(folder, 'errors')], nginxFile],
    ['haproxy', (file: string) => ['-f', file], (_: string, block: string) => block],
  ])('%s', async ([program, argumentsFor, complete], { skip }) => {
    skip(!has(program), `${program} is not installed`);
    const ports = await Promise.all([freePort(), freePort(), freePort()]);
    const [front, ...backs] = ports;
    const file = join(folder, 'configuration');
    writeFileSync(file, complete(folder, blockOf(program, { 8080: front, 3001: backs[0], 3002: backs[1] })));
    const instances = await Promise.all(backs.map(start));
    proxy = spawn(program, argumentsFor(file), { env: { PATH }, stdio: 'ignore' });
    await vi.waitFor(() => isOpen(front), { timeout: 10_000, interval: 20 });

    const outcomes: Record<string, number> = {};
    let stopped = false;
    const client = async (n: number): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let i = 0; !stopped; i++) {
        const outcome = await ask(front, agent, `Film ${String(n)} of ${String(i)}.`);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
      agent.destroy();
    };
    const clients = Array.from({ length: 4 }, (_, n) => client(n));
    const served = (service: Service): Promise<unknown> => service.line(({ route }) => route === '/predict');
    await Promise.all(instances.map(served));
    for (const [i, instance] of instances.entries()) {
      expect(await instance.stop()).toBe(0);
      await served(await start(backs[i] ?? 0));
    }
    stopped = true;
    await Promise.all(clients);
    expect(Object.keys(outcomes)).toEqual(['200']);
    expect(outcomes[200]).toBeGreaterThan(200);
  });
});
