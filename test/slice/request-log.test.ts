import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LogLine, SliceApp } from '../support/slice-app.js';
import { readText } from '../support/repository.js';
import { failOnDemand } from '../support/fail-on-demand.js';

/** The fields that every line of these requests has. */
const ALWAYS = 'time level msg request_id method route status latency_ms client_network'.split(' ');

/** The fields that a line has where they apply. */
const SOMETIMES = [
  ...['trace_id', 'cache_hit', 'cache_level', 'model_name', 'model_version', 'tokens', 'truncated'],
  ...['receive_ms', 'cache_ms', 'join_ms', 'queue_ms', 'transfer_ms', 'tokenize_ms', 'inference_ms'],
  ...['event_loop_ms', 'serialise_ms', 'batch_size', 'code', 'aborted'],
  ...['texts', 'cache_hits', 'texts_per_version', 'failed', 'failed_per_code'],
];

const SECRET_TEXT = 'the quick brown fox has a secret';

interface Outcome {
  readonly name: string;
  readonly send: (service: SliceApp, headers: Record<string, string>) => Promise<unknown>;
  readonly line: Readonly<Record<string, unknown>>;
}

const post =
  (path: string, body: unknown, more: Record<string, string> = {}): Outcome['send'] =>
  (service, headers) =>
    service.post(path, body, { ...headers, ...more });

/** Sends a request, waits until it is in the queue, and goes away. */
const leave: Outcome['send'] = async (service, headers) => {
  service.executor.hold();
  const gone = new AbortController();
  const answer = service.fetch('/predict', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: '{"text":"never mind"}',
    signal: gone.signal,
  });
  // The service has the request once it counts its text.
  await untilMetric(service, (metrics) => /serin_(queued|running)_texts 1/.test(metrics));
  gone.abort();
  await answer.catch(() => undefined);
  await service.requestLine(headers['x-request-id'] ?? '');
  service.executor.release();
};

async function untilMetric(service: SliceApp, holds: (metrics: string) => boolean): Promise<string> {
  for (;;) {
    const metrics = await (await service.fetch('/metrics')).text();
    if (holds(metrics)) return metrics;
  }
}

/** Announces a body of 50 bytes, sends 10, and hangs up. */
const hangUp: Outcome['send'] = (service, headers) =>
  new Promise((done) => {
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname, () => {
      const lines = ['POST /predict HTTP/1.1', `host: ${hostname}`, 'content-type: application/json'];
      const id = `x-request-id: ${headers['x-request-id'] ?? ''}`;
      socket.write([...lines, id, 'content-length: 50', '', '{"text":"a'].join('\r\n'), () =>
        socket.destroy(),
      );
    });
    socket.on('close', done);
  });

const OUTCOMES: readonly Outcome[] = [
  {
    name: 'a prediction',
    send: post(
      '/predict',
      { text: SECRET_TEXT },
      { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' },
    ),
    line: {
      level: 'info',
      method: 'POST',
      route: '/predict',
      status: 200,
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      cache_hit: false,
      model_name: 'sentiment',
      model_version: 'v1',
      truncated: false,
      batch_size: 1,
    },
  },
  {
    name: 'a batch',
    send: post('/predict_batch', { texts: [`${SECRET_TEXT} still`, '', 'fine'] }),
    line: {
      route: '/predict_batch',
      status: 200,
      texts: 3,
      cache_hits: 0,
      texts_per_version: { v1: 2 },
      model_version: 'v1',
      ...{ level: 'info', failed: 1, failed_per_code: { EMPTY_TEXT: 1 } },
    },
  },
  {
    name: 'a batch without a bad text',
    send: post('/predict_batch', { texts: ['good'] }),
    line: { level: 'info', status: 200, failed: 0 },
  },
  {
    name: 'a batch of which the model cannot answer a part',
    send: post('/predict_batch', { texts: ['fail', 'fail', ''] }),
    line: {
      ...{ level: 'warn', status: 200, cache_hit: false, texts: 3 },
      ...{ failed: 3, failed_per_code: { INFERENCE_FAILED: 2, EMPTY_TEXT: 1 } },
    },
  },
  {
    name: 'a batch that is late as a whole',
    send: post('/predict_batch', { texts: ['late', 'late too'] }),
    line: {
      ...{ level: 'warn', status: 504, code: 'DEADLINE_EXCEEDED', texts: 2 },
      ...{ failed: 2, failed_per_code: { DEADLINE_EXCEEDED: 2 } },
    },
  },
  {
    name: 'a bad field',
    send: post('/predict', { text: 5 }),
    line: { route: '/predict', status: 400, code: 'INVALID_REQUEST', cache_hit: false },
  },
  {
    name: 'malformed JSON',
    send: post('/predict', '{'),
    line: { route: '/predict', status: 400, code: 'MALFORMED_JSON' },
  },
  {
    name: 'an unknown route',
    send: post('/x/y', '{'),
    line: { route: 'unmatched', status: 404, code: 'NOT_FOUND' },
  },
  {
    name: 'a wrong method',
    send: post('/models', {}),
    line: { route: '/models', status: 405, code: 'METHOD_NOT_ALLOWED' },
  },
  {
    name: 'a large body',
    send: post('/predict', { text: 'a'.repeat(1_100_000) }),
    line: { route: '/predict', status: 413, code: 'BODY_TOO_LARGE' },
  },
  {
    name: 'a form',
    send: post('/predict', 'a=b', { 'content-type': 'text/plain' }),
    line: { route: '/predict', status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' },
  },
  {
    name: 'too much load',
    send: post('/predict', { text: 'overload' }),
    line: { level: 'warn', route: '/predict', status: 429, code: 'OVERLOADED', model_version: 'v1' },
  },
  {
    name: 'a fault',
    send: post('/predict', { text: 'break' }),
    line: { level: 'error', route: '/predict', status: 500, code: 'INTERNAL' },
  },
  {
    name: 'a failed inference',
    send: post('/predict', { text: 'fail' }),
    line: { level: 'error', status: 500, code: 'INFERENCE_FAILED' },
  },
  {
    name: 'the end of the service',
    send: post('/predict', { text: 'shutting down' }),
    line: { status: 503, code: 'SHUTTING_DOWN' },
  },
  {
    name: 'a probe',
    send: (service, headers) => service.fetch('/health/live', { headers }),
    line: { level: 'debug', route: '/health/live', method: 'GET', status: 200 },
  },
  ...['/health', '/health/ready', '/health/startup', '/metrics'].map((path): Outcome => ({
    name: `a success of ${path}`,
    send: (service, headers) => service.fetch(path, { headers }),
    line: { level: 'debug', route: path, status: 200 },
  })),
  {
    name: 'a probe that is refused',
    send: (service, headers) => service.fetch('/health/live', { method: 'DELETE', headers }),
    line: { level: 'info', route: '/health/live', status: 405 },
  },
  {
    name: 'a parametrized route',
    send: (service, headers) => service.fetch('/models/nobody', { headers }),
    line: { route: '/models/:name', status: 404, code: 'MODEL_NOT_FOUND' },
  },
  {
    name: 'a guarded route',
    send: (service, headers) => service.fetch('/admin/canary', { headers }),
    line: { route: '/admin/canary', status: 401, code: 'UNAUTHENTICATED' },
  },
  {
    name: 'a client that left',
    send: leave,
    line: { route: '/predict', status: 499, aborted: true, model_version: 'v1' },
  },
  {
    name: 'a client that hung up in mid-body',
    send: hangUp,
    line: { route: '/predict', status: 499, aborted: true },
  },
];

describe('the request log', () => {
  let service: SliceApp;
  const requestLines = (): LogLine[] => service.lines.filter(({ msg }) => msg === 'request');

  beforeAll(async () => {
    service = failOnDemand(await SliceApp.start({ ADMIN_TOKEN: 'let-me-in', LOG_LEVEL: 'debug' }));
  });

  afterAll(async () => {
    await service.stop();
  });

  for (const [i, { name, send, line }] of OUTCOMES.entries()) {
    it(`has one line for ${name}`, async () => {
      const id = `outcome-${i}`;
      await send(service, { 'x-request-id': id });
      const logged = await service.requestLine(id);
      expect(logged).toMatchObject(line);
      const known = [...ALWAYS, ...SOMETIMES];
      expect(Object.keys(logged).filter((key) => !known.includes(key))).toEqual([]);
      expect(ALWAYS.filter((key) => !(key in logged))).toEqual([]);
      expect(Object.values(logged)).not.toContain(null);
      expect('cache_hit' in logged).toBe(String(logged.route).startsWith('/predict'));
      expect(logged.latency_ms).toBeTypeOf('number');
      expect(new Date(String(logged.time)).getTime()).toBeGreaterThan(Date.now() - 60_000);
    });
  }

  it('has exactly one line per request, and as many counted by the metrics, route by route', async () => {
    const metrics = await (
      await service.fetch('/metrics', { headers: { 'x-request-id': 'the-last' } })
    ).text();
    await service.requestLine('the-last');
    const lines = requestLines().filter(({ request_id: id }) => id !== 'the-last');
    for (let i = 0; i < OUTCOMES.length; i++) {
      expect(
        lines.filter(({ request_id: id }) => id === `outcome-${i}`),
        OUTCOMES[i]?.name,
      ).toHaveLength(1);
    }
    const routes = new Set(lines.map(({ route }) => String(route)));
    expect(routes.size).toBeGreaterThan(5);
    for (const route of routes) {
      const logged = lines.filter((line) => line.route === route);
      const counted = requestsOf(metrics, route);
      expect([counted.success, counted.failure], route).toEqual([
        logged.filter((line) => line.code === undefined).length,
        logged.filter((line) => line.code !== undefined).length,
      ]);
      expect(counted.success + counted.failure, route).toBe(counted.measured);
    }
  });

  it('tells a fault with its stack, on a line of its own, and the client nothing', async () => {
    const response = await service.post('/predict', { text: 'break' }, { 'x-request-id': 'broken' });
    const body = await response.text();
    expect(body).not.toMatch(/4711|Error|at /);
    const fault = await service.line(({ msg, request_id: id }) => msg === 'fault' && id === 'broken');
    expect(fault.stack).toMatch(/the secret is 4711[\s\S]+at /);
  });

  it('never has a text', () => {
    expect(service.lines.filter((line) => JSON.stringify(line).includes('brown fox'))).toEqual([]);
    expect(service.garbage).toEqual([]);
  });

  it('is described in docs/architecture.md, field by field', () => {
    const [, section = ''] =
      /\n## The log line\n([\s\S]*?)\n## /.exec(readText('docs/architecture.md')) ?? [];
    const described = [...section.matchAll(/`([a-z_]+)`/g)].map(([, name]) => name);
    const fields = [...ALWAYS, ...SOMETIMES, 'api_key_name', 'text'];
    expect(fields.filter((name) => !described.includes(name))).toEqual([]);
  });

  it('names the network of the client, which TRUST_PROXY finds, unless LOG_CLIENT is off', async () => {
    const proxied = await SliceApp.start({ TRUST_PROXY: '1' });
    const discreet = await SliceApp.start({ TRUST_PROXY: '1', LOG_CLIENT: 'off' });
    try {
      const logged = async (app: SliceApp, id: string, from: string): Promise<LogLine> => {
        await app.post('/predict', { text: 'a' }, { 'x-request-id': id, 'x-forwarded-for': from });
        return app.requestLine(id);
      };
      expect((await logged(proxied, 'a', '203.0.113.7')).client_network).toBe('203.0.113.7');
      expect((await logged(proxied, 'b', '2001:db8:1:2:3:4:5:6')).client_network).toBe('2001:db8:1:2::/64');
      expect((await logged(proxied, 'c', 'x'.repeat(5_000))).client_network).toBe('x'.repeat(45));
      const line = await logged(discreet, 'd', '203.0.113.7');
      expect(line).not.toHaveProperty('client_network');
      expect(JSON.stringify(discreet.lines)).not.toContain('203.0.113.7');
    } finally {
      await proxied.stop();
      await discreet.stop();
    }
    await service.post(
      '/predict',
      { text: 'a' },
      { 'x-request-id': 'direct', 'x-forwarded-for': '203.0.113.7' },
    );
    expect((await service.requestLine('direct')).client_network).toBe('127.0.0.1');
  });

  it('has no line for a success of a probe, unless LOG_LEVEL is debug', async () => {
    const usual = await SliceApp.start();
    try {
      await usual.fetch('/health/live', { headers: { 'x-request-id': 'probe' } });
      await usual.fetch('/health/live', { method: 'DELETE', headers: { 'x-request-id': 'refused' } });
      await usual.requestLine('refused');
      expect(usual.lines.filter(({ request_id: id }) => id === 'probe')).toEqual([]);
    } finally {
      await usual.stop();
    }
  });

  it('has the text when LOG_TEXT says so', async () => {
    const talkative = await SliceApp.start({ LOG_TEXT: 'true' });
    try {
      await talkative.post('/predict', { text: SECRET_TEXT }, { 'x-request-id': 'a' });
      await talkative.post('/predict_batch', { texts: [SECRET_TEXT] }, { 'x-request-id': 'b' });
      expect((await talkative.requestLine('a')).text).toBe(SECRET_TEXT);
      expect((await talkative.requestLine('b')).text).toEqual([SECRET_TEXT]);
    } finally {
      await talkative.stop();
    }
  });
});

/** What the metrics say about one route: counted without and with a code, and measured. */
function requestsOf(metrics: string, route: string): { success: number; failure: number; measured: number } {
  const counts = { success: 0, failure: 0, measured: 0 };
  for (const line of metrics.split('\n')) {
    if (!line.includes(`route="${route}"`)) continue;
    const value = Number(line.split(' ').at(-1));
    if (line.startsWith('serin_request_duration_seconds_count')) counts.measured += value;
    else if (!line.startsWith('serin_requests_total')) continue;
    else if (line.includes('code=""')) counts.success += value;
    else counts.failure += value;
  }
  return counts;
}
