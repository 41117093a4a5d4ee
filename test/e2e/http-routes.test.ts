import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPENAPI_FILE, readOpenApi } from '../support/openapi-check.js';
import { Service } from './harness.js';

const KEY = { 'x-api-key': 'key-1' };
const ADMIN = { authorization: 'Bearer let-me-in' };

/** One request of each documented operation that is answered 200, in an order in which each of them is. */
const REQUESTS: Readonly<Record<string, (service: Service) => Promise<Response>>> = {
  predict: (service) =>
    service.post('/predict', { text: 'A fine film.' }, { ...KEY, 'x-request-id': 'told' }),
  predictBatch: (service) => service.post('/predict_batch', { texts: ['A fine film.', ''] }, KEY),
  feedback: (service) => service.post('/feedback', { request_id: 'told', kpi: 1 }, KEY),
  listModels: (service) => service.fetch('/models'),
  getModel: (service) => service.fetch('/models/sentiment'),
  getHealth: (service) => service.fetch('/health'),
  getLive: (service) => service.fetch('/health/live'),
  getReady: (service) => service.fetch('/health/ready'),
  getStartup: (service) => service.fetch('/health/startup'),
  getMetrics: (service) => service.fetch('/metrics'),
  purgeCache: (service) => service.fetch('/admin/cache', { method: 'DELETE', headers: ADMIN }),
  getClients: (service) => service.fetch('/admin/clients', { headers: ADMIN }),
  listRollouts: (service) => service.fetch('/admin/canary', { headers: ADMIN }),
  getRollout: (service) => service.fetch('/admin/canary/sentiment', { headers: ADMIN }),
  setShare: (service) =>
    service.fetch('/admin/canary/sentiment', {
      method: 'PUT',
      headers: { ...ADMIN, 'content-type': 'application/json' },
      body: '{"percent":50}',
    }),
  pauseRollout: (service) => service.post('/admin/canary/sentiment/pause', {}, ADMIN),
  resumeRollout: (service) => service.post('/admin/canary/sentiment/resume', {}, ADMIN),
  promoteCanary: (service) => service.post('/admin/canary/sentiment/promote', {}, ADMIN),
  rollBackCanary: (service) => service.post('/admin/canary/sentiment/rollback', {}, ADMIN),
  clearRollout: (service) => service.post('/admin/canary/sentiment/clear', {}, ADMIN),
  unloadVersion: (service) => service.post('/admin/models/sentiment/versions/v2/unload', {}, ADMIN),
  loadVersion: (service) => service.post('/admin/models/sentiment/versions/v2/load', {}, ADMIN),
};

/** What else each route answers is tested in test/slice. */
describe('the built service', () => {
  let service: Service;

  beforeAll(async () => {
    // Probes have lines at this level.
    service = await Service.start({ API_KEYS: 'one:key-1', ADMIN_TOKEN: 'let-me-in', LOG_LEVEL: 'debug' });
  });

  afterAll(async () => {
    await service.stop();
  });

  it('serves the OpenAPI document that is committed, and a page that shows it', async () => {
    const served: unknown = await (await fetch(`${service.url}/openapi.json`)).json();
    expect(served).toEqual(JSON.parse(readFileSync(OPENAPI_FILE, 'utf8')));
    const page = await (await fetch(`${service.url}/docs`)).text();
    const scripts = [...page.matchAll(/src="(\.\/docs\/[^"]+)"/g)].map(([, address = '']) => address);
    expect(scripts.length).toBeGreaterThan(1);
    for (const script of scripts) expect((await fetch(`${service.url}/${script}`)).status).toBe(200);
  });

  it('is asked here about every operation of the document', () => {
    const documented = Object.values(readOpenApi().paths)
      .flatMap((operations) => Object.values(operations))
      .map(({ operationId }) => operationId);
    expect(Object.keys(REQUESTS).sort()).toEqual(documented.sort());
  });

  for (const [operation, send] of Object.entries(REQUESTS)) {
    it(`answers ${operation} with 200, as documented, and logs it on stdout`, async () => {
      const response = await send(service);
      expect(response.status).toBe(200);
      const { status } = await service.requestLine(response.headers.get('x-request-id') ?? '');
      expect(status).toBe(200);
    });
  }

  it('refuses a wrong key, a wrong token and a bad body', async () => {
    const one = { text: 'A fine film.' };
    expect((await service.post('/predict', one, { 'x-api-key': 'wrong' })).status).toBe(401);
    expect((await service.fetch('/admin/canary')).status).toBe(401);
    expect((await service.post('/predict', '{', KEY)).status).toBe(400);
    expect((await service.post('/predict', 'a'.repeat(2_000_000), KEY)).status).toBe(413);
  });

  it('has written nothing but JSON to stdout, and nothing to stderr', () => {
    expect([service.garbage, service.stderr]).toEqual([[], '']);
    expect(service.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
