import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withClients } from '../support/clients-file.js';
import { FEEDBACK_ANSWERS } from './feedback-answers.js';
import { failOnDemand } from '../support/fail-on-demand.js';
import { NeverReadyExecutor } from '../support/fake-executor.js';
import { SliceApp } from '../support/slice-app.js';
import { OPENAPI_FILE, readOpenApi } from '../support/openapi-check.js';
import { closeHeldFolder, ROLLOUT_ANSWERS } from './rollout-answers.js';
import { ADMIN_TOKEN, VERSION_ANSWERS } from './version-answers.js';

const KEY = { 'x-api-key': 'key-1' };
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

interface Services {
  /** Serves, and wants a key. */
  readonly normal: SliceApp;
  /** Has an executor that fails on demand. */
  readonly faulty: SliceApp;
}

/** What provokes one documented answer. */
type Provoke = (services: Services) => Promise<Response>;

/** Answers of a service that has just opened its port and has loaded nothing yet. */
const starting = async (path: string, body?: unknown): Promise<Response> => {
  const service = await SliceApp.listen({}, NeverReadyExecutor);
  try {
    return await (body === undefined ? service.fetch(path) : service.post(path, body));
  } finally {
    await service.stop();
  }
};

const get = (path: string): Record<string, Provoke> => ({
  200: ({ normal }) => normal.fetch(path),
  400: ({ normal }) => normal.fetch(path, { headers: { 'x-deadline-ms': 'soon' } }),
  405: ({ normal }) => normal.fetch(path, { method: 'DELETE' }),
});

const post = (path: string, body: (text: string) => object): Record<string, Provoke> => ({
  200: ({ normal }) => normal.post(path, body('A fine film.'), KEY),
  400: ({ normal }) => normal.post(path, '{', KEY),
  401: ({ normal }) => normal.post(path, body('A fine film.'), { 'x-api-key': 'wrong' }),
  403: ({ normal }) =>
    normal.post(path, { ...body('A fine film.'), version: 'v1' }, { 'x-api-key': 'key-few' }),
  404: ({ normal }) => normal.post(path, { ...body('A fine film.'), model: 'nobody' }, KEY),
  405: ({ normal }) => normal.fetch(path),
  413: ({ normal }) => normal.post(path, body('a'.repeat(1_100_000)), KEY),
  415: ({ normal }) => normal.post(path, 'text', { ...KEY, 'content-type': 'text/plain' }),
  429: ({ faulty }) => faulty.post(path, body('overload')),
  500: ({ faulty }) => faulty.post(path, body('break')),
  503: () => starting(path, body('A fine film.')),
});

const late =
  (path: string, body: object): Provoke =>
  async ({ normal }) => {
    normal.executor.hold();
    try {
      return await normal.post(path, body, { ...KEY, 'x-deadline-ms': '40' });
    } finally {
      normal.executor.release();
    }
  };

const one = (text: string): object => ({ text });
const many = (text: string): object => ({ texts: [text] });

const purge =
  (query: string, init: RequestInit = {}): Provoke =>
  ({ normal }) =>
    normal.fetch(`/admin/cache${query}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      ...init,
    });

const shares =
  (init: RequestInit = {}): Provoke =>
  ({ normal }) =>
    normal.fetch('/admin/clients', { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, ...init });

const clientShares: Record<string, Provoke> = {
  200: shares(),
  400: shares({ headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-deadline-ms': 'soon' } }),
  401: shares({ headers: {} }),
  404: async () => {
    const service = await SliceApp.listen();
    try {
      return await service.fetch('/admin/clients');
    } finally {
      await service.stop();
    }
  },
  405: shares({ method: 'PATCH' }),
};

const ANSWERS: Readonly<Record<string, Readonly<Record<string, Provoke>>>> = {
  predict: { ...post('/predict', one), 504: late('/predict', one('Too late.')) },
  predictBatch: {
    ...post('/predict_batch', many),
    504: late('/predict_batch', many('Too late.')),
  },
  feedback: FEEDBACK_ANSWERS,
  listModels: get('/models'),
  getModel: { ...get('/models/sentiment'), 404: ({ normal }) => normal.fetch('/models/nobody') },
  getHealth: { ...get('/health'), 503: () => starting('/health') },
  getLive: get('/health/live'),
  getReady: { ...get('/health/ready'), 503: () => starting('/health/ready') },
  getStartup: { ...get('/health/startup'), 503: () => starting('/health/startup') },
  getMetrics: get('/metrics'),
  purgeCache: {
    200: purge('?model=sentiment'),
    400: purge('?modell=sentiment'),
    401: purge('', { headers: {} }),
    404: purge('?model=nobody'),
    405: purge('', { method: 'PATCH' }),
  },
  getClients: clientShares,
  ...VERSION_ANSWERS,
  ...ROLLOUT_ANSWERS,
};

describe('the OpenAPI document', () => {
  let services: Services;

  beforeAll(async () => {
    const [normal, faulty] = await Promise.all([
      SliceApp.start({
        ...withClients('{ name: few, key: key-few, rights: [] }'),
        ...{ API_KEYS: 'one:key-1', ADMIN_TOKEN },
      }),
      SliceApp.start().then(failOnDemand),
    ]);
    services = { normal, faulty };
  });

  afterAll(async () => {
    await Promise.all([services.normal.stop(), services.faulty.stop(), closeHeldFolder()]);
  });

  it('is committed as the service makes it (UPDATE_OPENAPI=1 writes it)', async () => {
    const served: unknown = await (await fetch(`${services.normal.url}/openapi.json`)).json();
    if (process.env.UPDATE_OPENAPI === '1') writeFileSync(OPENAPI_FILE, json(served));
    expect(readFileSync(OPENAPI_FILE, 'utf8')).toBe(json(served));
  });

  const documented = Object.values(readOpenApi().paths)
    .flatMap((operations) => Object.values(operations))
    .map(({ operationId, responses }): [string, string[]] => [operationId, Object.keys(responses).sort()]);

  it('documents the operations that are tested here, and no others', () => {
    const tested = Object.entries(ANSWERS).map(([operation, answers]) => [
      operation,
      Object.keys(answers).sort(),
    ]);
    expect(Object.fromEntries(tested)).toEqual(Object.fromEntries(documented));
  });

  for (const [operation, statuses] of documented) {
    for (const status of statuses) {
      it(`${operation} answers ${status} as documented`, async () => {
        const provoke = ANSWERS[operation]?.[status];
        if (provoke === undefined) throw new Error('nothing provokes it');
        // The harness has checked the body against the document by then.
        const response = await provoke(services);
        expect(response.status).toBe(Number(status));
        expect(response.headers.get('x-request-id')).toBeTruthy();
        expect(response.headers.get('server-timing')).toMatch(/total;dur=\d/);
        const wait = ['429', '503', '504'].includes(status) ? /^[1-9]\d*$/ : /^$/;
        expect(response.headers.get('retry-after') ?? '').toMatch(wait);
      });
    }
  }

  it('is shown by a page that needs nothing from elsewhere', async () => {
    const page = await (await fetch(`${services.normal.url}/docs`)).text();
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(addresses.filter((address) => /^(https?:)?\/\//.test(address))).toEqual([]);
    const scripts = addresses.filter((address) => address.startsWith('./docs/'));
    expect(scripts.length).toBeGreaterThan(3);
    for (const script of scripts) {
      const response = await fetch(`${services.normal.url}/${script}`);
      expect(response.status, script).toBe(200);
      await response.arrayBuffer();
    }
  });
});
