import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { SliceApp } from '../support/slice-app.js';

const codeOf = async (response: Response): Promise<string> => ((await response.json()) as Problem).code;
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

describe('API keys, rates and the admin token', () => {
  let service: SliceApp;

  beforeAll(async () => {
    const hash = createHash('sha256').update('key-two').digest('hex');
    service = await SliceApp.start({
      API_KEYS: `one:key-one,two:sha256:${hash}`,
      ADMIN_TOKEN: 'let-me-in',
      // One token comes back in 100 s: within the test, the burst is all there is.
      RATE_LIMIT_PER_S: '0.01',
      RATE_LIMIT_BURST: '3',
    });
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a wrong key', { 'x-api-key': 'key-three' }],
    ['the hash instead of the key', { 'x-api-key': createHash('sha256').update('key-two').digest('hex') }],
    ['the admin token', bearer('let-me-in')],
    ['another scheme', { authorization: 'Basic key-one' }],
  ])('refuse texts with %s, before the body is read', async (_, headers) => {
    const response = await service.post('/predict', '{', headers);
    expect([response.status, await codeOf(response)]).toEqual([401, 'UNAUTHENTICATED']);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('accept a key either way, log its name, and count each key on its own', async () => {
    const send = (headers: Record<string, string>): Promise<Response> =>
      service.post('/predict', { text: 'A film.' }, headers);
    const first = await send({ 'x-api-key': 'key-one' });
    expect(first.status).toBe(200);
    expect((await service.requestLine(first.headers.get('x-request-id') ?? '')).api_key_name).toBe('one');
    expect((await send(bearer('key-one'))).status).toBe(200);
    expect((await send(bearer('key-one'))).status).toBe(200);

    const limited = await send({ 'x-api-key': 'key-one' });
    const problem = (await limited.json()) as Problem;
    expect([limited.status, problem.code]).toEqual([429, 'RATE_LIMITED']);
    expect(problem.retry_after_ms).toBeGreaterThan(90_000);
    expect(Number(limited.headers.get('retry-after'))).toBe(Math.ceil((problem.retry_after_ms ?? 0) / 1000));

    expect((await send({ 'x-api-key': 'key-two' })).status).toBe(200);
  });

  // Parsers of URLs disagree about where the host ends; guards and routes must not.
  it.each(['http://a', 'http://a;', "http://a'", 'http://a%41', 'http://u:p@a', 'HTTPS://a:1'])(
    'guard a target that begins with %s',
    async (origin) => {
      const statusOf = async (method: string, path: string, body = ''): Promise<string> => {
        const { hostname, port } = new URL(service.url);
        const socket = connect(Number(port), hostname);
        const head = `content-type: application/json\r\ncontent-length: ${body.length}`;
        socket.write(
          `${method} ${origin}${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${head}\r\n\r\n${body}`,
        );
        let answer = '';
        for await (const chunk of socket) answer += String(chunk);
        return answer.slice(9, 12);
      };
      expect(await statusOf('POST', '/predict', '{"text":"x"}')).toBe('401');
      expect(await statusOf('DELETE', '/admin/cache')).toBe('401');
      expect(await statusOf('GET', '/health/live')).toBe('200');
    },
  );

  it('leave everything but the texts open', async () => {
    for (const path of ['/health', '/health/live', '/models', '/metrics', '/openapi.json']) {
      expect((await service.fetch(path)).status, path).toBe(200);
    }
  });

  it.each(['/admin', '/admin/', '/admin/canary', '/ADMIN/canary', '/admin/no/such/thing'])(
    'hide %s from whoever has no token, routed or not',
    async (path) => {
      for (const headers of [{}, bearer('wrong'), { 'x-api-key': 'key-one' }]) {
        expect((await service.fetch(path, { headers })).status).toBe(401);
      }
    },
  );

  it('let the token through to what is there', async () => {
    const response = await service.fetch('/admin/no/such/thing', { headers: bearer('let-me-in') });
    expect([response.status, await codeOf(response)]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('without keys, rates and token', () => {
  it('texts are open, and there is no /admin, also not for a token', async () => {
    const service = await SliceApp.start();
    try {
      expect((await service.post('/predict', { text: 'A film.' })).status).toBe(200);
      const response = await service.fetch('/admin/canary', { headers: bearer('undefined') });
      expect([response.status, await codeOf(response)]).toEqual([404, 'NOT_FOUND']);
    } finally {
      await service.stop();
    }
  });

  it('the rate counts per client address, behind a trusted proxy the one that it forwards', async () => {
    const service = await SliceApp.start({
      RATE_LIMIT_PER_S: '0.01',
      RATE_LIMIT_BURST: '1',
      TRUST_PROXY: 'loopback',
    });
    try {
      const from = async (address: string): Promise<number> =>
        (await service.post('/predict', { text: 'A film.' }, { 'x-forwarded-for': address })).status;
      expect(await from('192.0.2.1')).toBe(200);
      expect(await from('192.0.2.1')).toBe(429);
      expect(await from('192.0.2.2')).toBe(200);
    } finally {
      await service.stop();
    }
  });
});

describe('callers behind a proxy that is not trusted', () => {
  const PROXIED: readonly Record<string, string>[] = [
    { 'x-forwarded-for': '192.0.2.1' },
    { forwarded: 'for=192.0.2.1' },
  ];

  const warnings = ({ lines }: SliceApp): string[] =>
    lines.filter(({ level, msg }) => level === 'warn' && msg.includes('TRUST_PROXY')).map(({ msg }) => msg);

  /** Sends a request on a connection of its own, and waits for its line, behind which no other line of it comes. */
  async function ask(service: SliceApp, headers: Record<string, string>): Promise<void> {
    const response = await service.post('/predict', { text: 'A film.' }, { connection: 'close', ...headers });
    await service.requestLine(response.headers.get('x-request-id') ?? '');
  }

  const gauge = async (service: SliceApp): Promise<string | undefined> =>
    /^serin_untrusted_proxy .$/m.exec(await (await service.fetch('/metrics')).text())?.[0];

  it.each(PROXIED)('are one client, which is said once, in the log and in a metric: %j', async (headers) => {
    const service = await SliceApp.start({ RATE_LIMIT_PER_S: '0.01', RATE_LIMIT_BURST: '10' });
    try {
      await ask(service, {});
      expect([warnings(service), await gauge(service)]).toEqual([[], 'serin_untrusted_proxy 0']);
      for (let i = 0; i < 3; i++) await ask(service, headers);
      expect(warnings(service)).toEqual([
        expect.stringMatching(/^a request came with .* count as one client here\. Set TRUST_PROXY/),
      ]);
      expect(await gauge(service)).toBe('serin_untrusted_proxy 1');
    } finally {
      await service.stop();
    }
  });

  it.each<[string, Record<string, string>]>([
    ['the proxy is trusted', { TRUST_PROXY: 'loopback' }],
    ['they have keys', { API_KEYS: 'one:key-one' }],
  ])('are several clients when %s, and nothing is said', async (_, settings) => {
    const service = await SliceApp.start(settings);
    try {
      for (const headers of PROXIED) await ask(service, { 'x-api-key': 'key-one', ...headers });
      expect([warnings(service), await gauge(service)]).toEqual([[], 'serin_untrusted_proxy 0']);
    } finally {
      await service.stop();
    }
  });
});
