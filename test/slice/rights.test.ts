import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { Dialects } from '../../src/service/dialects/dialects.js';
import { withClients } from '../support/clients-file.js';
import { InputsDialect, PlainDialect } from '../support/plain-dialects.js';
import { SliceApp } from '../support/slice-app.js';

const CLIENTS = withClients(
  '{ name: none, key: key-none, rights: [] }',
  '{ name: pins, key: key-pins, rights: [version] }',
  '{ name: all, key: key-all }',
);

const TEXT = 'A gripping, beautifully shot film.';
const PLAIN = { 'content-type': 'text/plain' };

let service: SliceApp;

beforeAll(async () => {
  service = await SliceApp.start({ ...CLIENTS, API_KEYS: 'short:key-short' });
  service.get(Dialects).add(new PlainDialect());
  service.get(Dialects).add(new InputsDialect());
});

afterAll(async () => {
  await service.stop();
});

type Right = 'version' | 'no-cache' | 'routing-key';
type Send = (key: string, right: Right | null) => Promise<Response>;

const HEADERS: Readonly<Record<Right, Readonly<Record<string, string>>>> = {
  version: {},
  'no-cache': { 'cache-control': 'no-cache' },
  'routing-key': { 'x-routing-key': 'anna' },
};

const INPUTS: Readonly<Record<Right, object>> = {
  version: { version: 'v2' },
  'no-cache': { fresh: true },
  'routing-key': { user: 'anna' },
};

/** How a request uses a right, in each wire format; with null it uses none. */
const FORMATS: Readonly<Record<string, Send>> = {
  'POST /predict': (key, right) =>
    service.post(
      '/predict',
      { text: TEXT, ...(right === 'version' && { version: 'v2' }) },
      { 'x-api-key': key, ...(right !== null && HEADERS[right]) },
    ),
  'POST /predict_batch': (key, right) =>
    service.post(
      '/predict_batch',
      { texts: [TEXT, 'A dull one.'], ...(right === 'version' && { version: 'v2' }) },
      { 'x-api-key': key, ...(right !== null && HEADERS[right]) },
    ),
  'the dialect of bytes': (key, right) =>
    fetch(`${service.url}${right === 'version' ? `/plain/v2?key=${key}` : '/predict'}`, {
      method: 'POST',
      headers: { ...PLAIN, 'x-api-key': key, ...(right !== null && HEADERS[right]) },
      body: TEXT,
    }),
  'the dialect that its body tells': (key, right) =>
    fetch(`${service.url}/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify({ inputs: [TEXT], ...(right !== null && INPUTS[right]) }),
    }),
};

const RIGHTS: readonly Right[] = ['version', 'no-cache', 'routing-key'];

describe.each(Object.entries(FORMATS))('a right in %s', (_, send) => {
  it.each(RIGHTS)('%s is refused to a client without it, by its log line too', async (right) => {
    const response = await send('key-none', right);
    expect(response.status).toBe(403);
    const line = await service.requestLine(response.headers.get('x-request-id') ?? '');
    expect(line).toMatchObject({ status: 403, code: 'FORBIDDEN', api_key_name: 'none', level: 'info' });
  });

  it('is used by a client whose list has it, while the others stay refused', async () => {
    const statuses = await Promise.all(RIGHTS.map(async (right) => (await send('key-pins', right)).status));
    expect(statuses).toEqual([200, 403, 403]);
  });

  it.each(['key-all', 'key-short'])('is used by %s, whose client has no list', async (key) => {
    for (const right of RIGHTS) expect((await send(key, right)).status, right).toBe(200);
  });

  it('is not needed for a plain request', async () => {
    expect((await send('key-none', null)).status).toBe(200);
  });
});

describe('a refused request', () => {
  it.each<[Right, RegExp]>([
    ['version', /lacks the right `version`.*Leave the version out/],
    ['no-cache', /lacks the right `no-cache`.*Leave out `cache-control: no-cache`/],
    ['routing-key', /lacks the right `routing-key`.*Leave out `x-routing-key`/],
  ])('says that %s is missing, and what to send instead', async (right, message) => {
    const response = await FORMATS['POST /predict']?.('key-none', right);
    expect(await response?.json()).toMatchObject({
      code: 'FORBIDDEN',
      detail: expect.stringMatching(message) as string,
    });
  });

  it('is worded in the shape of its wire format', async () => {
    const response = await FORMATS['the dialect of bytes']?.('key-none', 'no-cache');
    expect(await response?.text()).toMatch(/^FORBIDDEN [0-9a-f]{32}\n$/);
  });

  it('asks no model: nothing is computed for it', async () => {
    service.executor.hold();
    const response = await service.post(
      '/predict',
      { text: 'A text that only a refused request has.' },
      { 'x-api-key': 'key-none', 'cache-control': 'no-cache' },
    );
    const { queuedTexts } = service.executor.status();
    service.executor.release();
    expect([response.status, queuedTexts]).toEqual([403, 0]);
  });

  it('is not one with an empty routing key, which is none', async () => {
    const headers = { 'x-api-key': 'key-none', 'x-routing-key': '' };
    expect((await service.post('/predict', { text: TEXT }, headers)).status).toBe(200);
  });
});

describe('the right to give feedback', () => {
  it('is asked for before the answer is looked up, and is separate from the other rights', async () => {
    const tell = async (key: string): Promise<Partial<Problem> & { readonly status: number }> => {
      const response = await service.post(
        '/feedback',
        { request_id: 'judged', kpi: 1 },
        { 'x-api-key': key },
      );
      return { ...((await response.json()) as Problem), status: response.status };
    };
    const headers = { 'x-api-key': 'key-none', 'x-request-id': 'judged' };
    expect((await service.post('/predict', { text: TEXT }, headers)).status).toBe(200);
    for (const key of ['key-none', 'key-pins']) {
      const { code, detail } = await tell(key);
      expect(code).toBe('FORBIDDEN');
      expect(detail).toMatch(/lacks the right `feedback`.*let a client that has this right report/);
    }
    expect(await tell('key-all')).toMatchObject({ status: 200, counted: true });
    expect(await tell('key-short')).toMatchObject({ status: 200, counted: false });
  });
});

describe('without clients', () => {
  it('every caller has every right, with a key or without', async () => {
    const open = await SliceApp.start();
    try {
      const request = { text: TEXT, version: 'v2' };
      const headers = { 'cache-control': 'no-cache', 'x-routing-key': 'anna', 'x-request-id': 'open' };
      for (const more of [{}, { 'x-api-key': 'key-none' }]) {
        expect((await open.post('/predict', request, { ...headers, ...more })).status).toBe(200);
      }
      expect((await open.post('/feedback', { request_id: 'open', kpi: 1 })).status).toBe(200);
    } finally {
      await open.stop();
    }
  });
});
