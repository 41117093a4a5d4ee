import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { head, send } from '../support/raw-http.js';
import { SliceApp } from '../support/slice-app.js';

const TOKEN = 'token-of-the-operator';
const OPERATOR = [
  ...['/metrics', '/METRICS/', '/models', '/models/sentiment', '/docs', '/docs/', '/docs/swagger-ui.css'],
  ...['/openapi.json', '/admin/canary', '/admin/canary/sentiment'],
] as const;
const HEALTH = ['/health', '/health/live', '/health/ready', '/health/startup'] as const;

const get = (url: string): Promise<Response> =>
  fetch(url, { headers: { authorization: `Bearer ${TOKEN}` }, redirect: 'manual' });
const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

async function expectNotFound(answer: Response): Promise<void> {
  expect(answer.status).toBe(404);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(await answer.json()).toMatchObject({ code: 'NOT_FOUND' });
}

describe('with a port of its own for the operator', () => {
  let service: SliceApp;

  beforeAll(async () => {
    service = await SliceApp.start({ ADMIN_PORT: '0', ADMIN_TOKEN: TOKEN });
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(OPERATOR)('%s is served there, and is unknown on the port for clients', async (path) => {
    const answer = await get(service.adminUrl + path);
    expect([200, 301]).toContain(answer.status);
    await expectNotFound(await get(service.url + path));
  });

  it.each(HEALTH)('%s is served on both', async (path) => {
    for (const url of [service.url, service.adminUrl]) expect((await get(url + path)).status).toBe(200);
  });

  it('the routes for clients are served on both, so that /docs and the commands need one address', async () => {
    for (const url of [service.url, service.adminUrl])
      expect((await post(`${url}/predict`, { text: 'A film.' })).status).toBe(200);
  });

  it('the port for clients does not show that there is an /admin', async () => {
    for (const path of ['/admin', '/admin/nothing', '/ADMIN/canary/'])
      await expectNotFound(await fetch(service.url + path));
    expect((await fetch(`${service.adminUrl}/admin/nothing`)).status).toBe(401);
  });

  it('what the port refuses is logged and counted under its route', async () => {
    const refused = await get(`${service.url}/models/sentiment`);
    const line = await service.requestLine(refused.headers.get('x-request-id') ?? '');
    expect(line).toMatchObject({ route: '/models/:name', status: 404, code: 'NOT_FOUND' });
  });

  it('is a port like the other one for input that is no request, or breaks a rule of HTTP', async () => {
    for (const bytes of [
      'nonsense\r\n\r\n',
      head('GET /metrics HTTP/1.1'),
      head('CONNECT a:1 HTTP/1.1', 'host: a'),
    ]) {
      const [answer] = await send(service.adminUrl, bytes);
      expect(answer?.headers['content-type']).toMatch(/^application\/problem\+json/);
      await service.requestLine(answer?.body.request_id ?? '');
    }
  });
});

describe('routes that are closed', () => {
  let service: SliceApp;

  beforeAll(async () => {
    service = await SliceApp.start({ CLOSED_ROUTES: 'docs, metrics', ADMIN_TOKEN: TOKEN });
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(['/metrics', '/docs', '/docs/swagger-ui.css', '/openapi.json'])('%s is unknown', async (path) => {
    await expectNotFound(await get(service.url + path));
  });

  it.each(['/models', '/admin/canary', '/health', '/health/live'])('%s is served', async (path) => {
    expect((await get(service.url + path)).status).toBe(200);
  });
});

it('closed routes are closed on the port of the operator too', async () => {
  const service = await SliceApp.start({ ADMIN_PORT: '0', CLOSED_ROUTES: 'docs' });
  try {
    for (const url of [service.url, service.adminUrl]) await expectNotFound(await get(`${url}/docs`));
    expect((await get(`${service.adminUrl}/metrics`)).status).toBe(200);
  } finally {
    await service.stop();
  }
});
