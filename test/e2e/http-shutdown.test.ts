import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { expectGone } from '../support/expect-gone.js';
import { ONE_VERSION, Service } from './harness.js';

interface Answer {
  readonly status: number;
  readonly connection: string | undefined;
}

/** Asks over the agent's connection, which fetch does not let one choose. */
function ask(service: Pick<Service, 'url'>, agent: Agent, path: string, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(service.url);
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { 'content-type': 'application/json' };
  return new Promise((done, fail) => {
    const answered = (response: IncomingMessage): void => {
      response.resume();
      response.on('end', () => {
        done({ status: response.statusCode ?? 0, connection: response.headers.connection });
      });
    };
    request({ hostname, port, path, method, agent, headers }, answered).on('error', fail).end(body);
  });
}

const keepAlive = (): Agent => new Agent({ keepAlive: true, maxSockets: 1 });
const TEXT = '{"text":"A film."}';

describe.concurrent('on SIGTERM', () => {
  it('readiness drops at once, all else is served, then answers close their connections and the process ends with 0', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '1500' });
    const agent = keepAlive();
    expect(await ask(service, agent, '/health/ready')).toMatchObject({
      status: 200,
      connection: 'keep-alive',
    });

    service.signal('SIGTERM');
    await service.line(({ msg }) => msg === 'leaving');
    expect(await ask(service, agent, '/health/ready')).toMatchObject({ status: 503 });
    for (const [path, body] of [
      ['/health/live'],
      ['/health/startup'],
      ['/metrics'],
      ['/predict', TEXT],
    ] as const) {
      expect(await ask(service, agent, path, body), path).toEqual({ status: 200, connection: 'keep-alive' });
    }

    // Until an answer says close; from then on new connections are refused or the process is gone.
    let last: Answer;
    do last = await ask(service, agent, '/health/live');
    while (last.connection !== 'close');
    expect(last.status).toBe(200);
    expect(await service.ended()).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({ msg: 'stopped' });
    expect([service.garbage, service.stderr]).toEqual([[], '']);
  });

  it('the port of the operator is served as long as the other one, and closes with it', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '300', ADMIN_PORT: '0' });
    const { admin_url: adminUrl } = await service.line(({ msg }) => msg === 'listening');
    expect(adminUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const agent = keepAlive();
    const scrape = (): Promise<Answer> => ask({ url: String(adminUrl) }, agent, '/metrics');
    expect(await scrape()).toEqual({ status: 200, connection: 'keep-alive' });
    service.signal('SIGTERM');
    let last: Answer;
    do last = await scrape();
    while (last.connection !== 'close');
    expect(last.status).toBe(200);
    expect(await service.ended()).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('drops no request under load', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '300' });
    const outcomes: string[] = [];
    const client = async (): Promise<void> => {
      const agent = keepAlive();
      for (;;) {
        try {
          const { status, connection } = await ask(service, agent, '/predict', TEXT);
          outcomes.push(String(status));
          if (connection === 'close') return;
        } catch (error) {
          outcomes.push(String(error));
          return;
        }
      }
    };
    const clients = Array.from({ length: 16 }, client);
    await service.line(
      ({ msg, route, status }) => msg === 'request' && route === '/predict' && status === 200,
    );
    service.signal('SIGTERM');
    await Promise.all(clients);
    expect(new Set(outcomes)).toEqual(new Set(['200']));
    expect(outcomes.length).toBeGreaterThan(16);
    expect(await service.ended()).toBe(0);
  });

  it('a slow reader of stdout gets every line, in order', async () => {
    // Probes have lines at this level.
    const service = await Service.start({ ...ONE_VERSION, LOG_LEVEL: 'debug' });
    const [, stdout] = service.child.stdio;
    stdout?.pause();
    const ids = Array.from({ length: 1_500 }, (_, i) => `${i}`.padStart(100, '0'));
    for (const id of ids) await service.fetch('/health/live', { headers: { 'x-request-id': id } });
    const workers = service.workerPids();
    service.signal('SIGTERM');
    // The pool ends last: what is logged then is behind a pipe that is full.
    await expectGone(workers);
    stdout?.resume();
    expect(await service.ended()).toBe(0);
    const logged = service.lines.filter(({ route }) => route === '/health/live');
    expect(logged.map(({ request_id: id }) => id)).toEqual(ids);
    expect([service.garbage, service.lines.at(-1)?.msg]).toEqual([[], 'stopped']);
  });

  it('what does not drain within the grace is cut off', async () => {
    const service = await Service.start({
      ...ONE_VERSION,
      SHUTDOWN_GRACE_MS: '400',
      REQUEST_TIMEOUT_MS: '60000',
      WORKER_WATCHDOG_MS: '60000',
    });
    const workers = service.workerPids();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    const agent = keepAlive();
    const hanging = ask(service, agent, '/predict', TEXT).catch((error: unknown) => String(error));
    while (!/serin_(queued|running)_texts 1/.test(await (await service.fetch('/metrics')).text()));
    service.signal('SIGTERM');
    expect(await hanging).toMatch(/socket hang up|ECONNRESET/);
    expect(await service.ended()).toBe(0);
    await expectGone(workers);
  });
});

describe.concurrent('other signals', () => {
  it('SIGINT does not wait', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '60000' });
    service.signal('SIGINT');
    expect(await service.ended()).toBe(0);
    expect(await service.line(({ msg }) => msg === 'leaving')).toMatchObject({ delay_ms: 0 });
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('a second one, %s, ends the process at once, and its workers with it', async (second, code) => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '60000' });
    const workers = service.workerPids();
    service.signal('SIGTERM');
    await service.line(({ msg }) => msg === 'leaving');
    // Until it is far enough from the first to be meant.
    const again = setInterval(() => {
      service.signal(second);
    }, 50);
    expect(await service.ended()).toBe(code);
    clearInterval(again);
    await expectGone(workers);
  });

  it('the same one twice at once, as npm and a terminal send it, is one stop, in order', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_DELAY_MS: '100' });
    service.signal('SIGTERM');
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    expect(service.lines.at(-1)).toMatchObject({ msg: 'stopped' });
  });

  it('a connection that never sent a request does not hold up the end', async () => {
    const service = await Service.start({ ...ONE_VERSION, SHUTDOWN_GRACE_MS: '60000' });
    const socket = connect(Number(new URL(service.url).port), '127.0.0.1');
    await once(socket, 'connect');
    service.signal('SIGTERM');
    expect(await service.ended()).toBe(0);
    socket.destroy();
  });
});
