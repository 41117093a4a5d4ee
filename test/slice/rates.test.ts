import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { Dialects } from '../../src/service/dialects/dialects.js';
import { type ClientRoute, KEY_IN_HEADERS } from '../../src/service/http/client-route.js';
import type { WireRequest } from '../../src/service/request/wire-request.js';
import { withClients } from '../support/clients-file.js';
import { InputsDialect, PlainDialect } from '../support/plain-dialects.js';
import { SliceApp } from '../support/slice-app.js';

/** The dialect of `inputs` on a path whose requests count against no rate. */
class FreeDialect extends InputsDialect {
  override readonly routes: readonly ClientRoute[] = [
    { method: 'POST', path: '/free', body: 'json', key: KEY_IN_HEADERS, rate: false, asksModel: true },
  ];
  override claims({ path }: WireRequest): boolean {
    return path === '/free';
  }
}

const BURST = 10;
/** One token comes back in 100 s: within the test, the burst is all there is. */
const PER_S = 0.01;
const JSON_TYPE = { 'content-type': 'application/json' };
const texts = (count: number): string[] => Array.from({ length: count }, (_, i) => `Film ${String(i)}.`);

let service: SliceApp;

beforeAll(async () => {
  service = await SliceApp.start({
    ...withClients('{ name: few, key: key-few, rights: [] }'),
    RATE_LIMIT_PER_S: String(PER_S),
    RATE_LIMIT_BURST: String(BURST),
    // Of each test a client of its own.
    API_KEYS: ['batch', 'inputs', 'plain', 'mixed', 'bad', 'free', 'feedback']
      .map((of) => `${of}:k-${of}`)
      .join(),
    MAX_TEXTS: '256',
  });
  for (const dialect of [new PlainDialect(), new InputsDialect(), new FreeDialect()]) {
    service.get(Dialects).add(dialect);
  }
});

afterAll(async () => {
  await service.stop();
});

const keyOf = (client: string): Record<string, string> => ({ 'x-api-key': `k-${client}` });

const batch = (client: string, count: number): Promise<Response> =>
  service.post('/predict_batch', { texts: texts(count) }, keyOf(client));

const inputs = (client: string, count: number, path = '/predict'): Promise<Response> =>
  fetch(`${service.url}${path}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...keyOf(client) },
    body: JSON.stringify({ inputs: texts(count) }),
  });

const plain = (client: string): Promise<Response> =>
  fetch(`${service.url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', ...keyOf(client) },
    body: 'A film.',
  });

/** The tokens that the client lacks until one is there, by the wait that the service tells it. */
async function lacking(client: string): Promise<number> {
  const response = await service.post('/predict', { text: 'A film.' }, keyOf(client));
  const { code, retry_after_ms: waitMs = 0 } = (await response.json()) as Problem;
  expect([response.status, code]).toEqual([429, 'RATE_LIMITED']);
  expect(Number(response.headers.get('retry-after'))).toBe(Math.ceil(waitMs / 1000));
  // What has come back meanwhile is a small part of a token.
  return Math.round((waitMs / 1000) * PER_S);
}

describe('a rate counts texts', () => {
  it('of a batch, which passes while one token is left and is paid back before the next request', async () => {
    expect((await batch('batch', BURST - 1)).status).toBe(200);
    expect((await batch('batch', 256)).status).toBe(200);
    expect(await lacking('batch')).toBe(256);
    expect((await batch('batch', 1)).status).toBe(429);
  });

  it('of a list in another wire format', async () => {
    expect((await inputs('inputs', 100)).status).toBe(200);
    expect((await inputs('inputs', 1)).status).toBe(429);
    expect(await lacking('inputs')).toBe(100 - BURST + 1);
  });

  it('of single texts, one each, in bytes too', async () => {
    for (let i = 0; i < BURST; i++) expect((await plain('plain')).status).toBe(200);
    const limited = await plain('plain');
    expect([limited.status, await limited.text()]).toEqual([
      429,
      `RATE_LIMITED ${limited.headers.get('x-request-id') ?? ''}\n`,
    ]);
    expect(await lacking('plain')).toBe(1);
  });

  it('of one client over all wire formats', async () => {
    expect((await batch('mixed', 4)).status).toBe(200);
    expect((await inputs('mixed', 4)).status).toBe(200);
    expect((await plain('mixed')).status).toBe(200);
    expect((await batch('mixed', 3)).status).toBe(200);
    expect(await lacking('mixed')).toBe(3);
  });

  it('of a batch with bad texts, all of them, and one for a request that is refused as a whole', async () => {
    const send = (body: unknown): Promise<Response> => service.post('/predict_batch', body, keyOf('bad'));
    expect((await send({ texts: ['', ' ', null, 'A film.'] })).status).toBe(200);
    expect((await send({ texts: texts(257) })).status).toBe(400);
    expect((await send('{')).status).toBe(400);
    expect((await send({ texts: texts(BURST - 6) })).status).toBe(200);
    expect(await lacking('bad')).toBe(1);
  });

  it('and one for a request whose client lacks a right', async () => {
    const send = (count: number, more: object = {}): Promise<Response> =>
      service.post('/predict_batch', { texts: texts(count), ...more }, { 'x-api-key': 'key-few' });
    expect((await send(100, { version: 'v1' })).status).toBe(403);
    expect((await send(BURST - 1)).status).toBe(200);
    expect((await send(1)).status).toBe(429);
  });

  it('but none on a route that counts against no rate', async () => {
    expect((await inputs('free', 100, '/free')).status).toBe(200);
    expect((await batch('free', BURST)).status).toBe(200);
    expect(await lacking('free')).toBe(1);
  });

  it('and one for each feedback', async () => {
    expect((await batch('feedback', BURST - 1)).status).toBe(200);
    const tell = (): Promise<Response> =>
      service.post('/feedback', { request_id: 'never-answered', kpi: 1 }, keyOf('feedback'));
    expect([(await tell()).status, (await tell()).status]).toEqual([404, 429]);
  });
});
