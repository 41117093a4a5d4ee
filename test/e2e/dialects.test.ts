import { connect } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import type { TextAnswer } from '../../src/engine/text-answer.js';
import { Service } from './harness.js';

const SCRIPT = join(import.meta.dirname, 'fixtures/second-dialects.mjs');
const PLAIN = { 'content-type': 'text/plain; charset=utf-8' };
const JSON_TYPE = { 'content-type': 'application/json' };

let service: Service;

const send = (path: string, init: RequestInit): Promise<Response> =>
  fetch(`${service.url}${path}`, { method: 'POST', ...init });

const idOf = ({ headers }: Response): string => headers.get('x-request-id') ?? '';

/** Status and text of an answer in plain text; the request's id, which must end it, is taken off. */
async function plain(path: string, init: RequestInit): Promise<[number, string]> {
  const response = await send(path, init);
  expect(response.headers.get('content-type')).toBe('text/plain');
  const text = await response.text();
  expect(text.endsWith(` ${idOf(response)}\n`), text).toBe(true);
  return [response.status, text.slice(0, text.lastIndexOf(' '))];
}

const codeOf = async (response: Response): Promise<[number, string]> => {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  return [response.status, ((await response.json()) as Problem).code];
};

describe('two dialects on the path of the native one', () => {
  beforeAll(async () => {
    service = await Service.start({ MAX_BODY_BYTES: '1000', LOG_TEXT: 'true' }, SCRIPT);
  });

  afterAll(async () => {
    await service.stop();
  });

  it('answer what is theirs, with the same scores and one cache entry for all', async () => {
    const text = 'A gripping, beautifully shot film.';
    const [status, line] = await plain('/predict', { headers: PLAIN, body: text });
    const native = await service.post('/predict', { text });
    const { label, score, cache_hit: hit } = (await native.json()) as TextAnswer;
    expect([status, line]).toEqual([200, `v1 ${label} ${String(score)}`]);
    expect(hit).toBe(true);

    const inputs = await send('/predict', { headers: JSON_TYPE, body: JSON.stringify({ inputs: text }) });
    expect([inputs.status, inputs.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(((await inputs.json()) as unknown[])[0]).toEqual({ label, score });
    expect(await service.requestLine(idOf(inputs))).toMatchObject({ cache_hit: true, texts: 1 });
  });

  it('leave to the native one what no dialect claims', async () => {
    const bad = await send('/predict', { headers: JSON_TYPE, body: '{"texts":1}' });
    expect(await codeOf(bad)).toEqual([400, 'INVALID_REQUEST']);
    const type = await send('/predict', { headers: { 'content-type': 'text/csv' }, body: 'a' });
    expect(await codeOf(type)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    const batch = await send('/predict_batch', { headers: PLAIN, body: 'a' });
    expect(await codeOf(batch)).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  it('leave the same log line behind as the native one', async () => {
    const response = await send('/predict', { headers: PLAIN, body: 'A film that is logged.' });
    const line = await service.requestLine(idOf(response));
    const native = await service.post('/predict', { text: 'A film that is logged, too.' });
    const own = await service.requestLine(idOf(native));
    expect(Object.keys(line)).toEqual(Object.keys(own));
    expect(line).toMatchObject({
      ...{ route: '/predict', status: 200, model_name: 'sentiment', model_version: 'v1' },
      ...{ cache_hit: false, truncated: false, text: 'A film that is logged.' },
    });
    expect(response.headers.get('server-timing')).toMatch(/^receive;.+ inference;.+ total;/);
  });

  it('are evidence like native answers: feedback finds them', async () => {
    const response = await send('/predict', { headers: PLAIN, body: 'A film that is judged.' });
    const feedback = await service.post('/feedback', { request_id: idOf(response), kpi: 1 });
    expect(await feedback.json()).toMatchObject({ model_version: 'v1', counted: true });
  });

  it.each<[string, string, RequestInit, number, string]>([
    ['a wrong method', '/predict', { method: 'PUT', headers: PLAIN }, 405, 'METHOD_NOT_ALLOWED'],
    ['a wrong method of its own path', '/plain/v1', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['a path below its own', '/plain/v1/more', {}, 404, 'NOT_FOUND'],
    ['a version that is none', '/plain/v9', { body: 'a' }, 404, 'VERSION_NOT_FOUND'],
    ['a path that cannot be decoded', '/plain/%ff', { body: 'a' }, 400, 'INVALID_REQUEST'],
    ['no text', '/predict', { headers: PLAIN }, 400, 'EMPTY_TEXT'],
    ['too long a text', '/predict', { headers: PLAIN, body: 'a'.repeat(2000) }, 413, 'BODY_TOO_LARGE'],
    [
      ...(['another charset', '/predict'] as const),
      { headers: { 'content-type': 'text/plain; charset=latin1' }, body: 'a' },
      ...([415, 'UNSUPPORTED_MEDIA_TYPE'] as const),
    ],
    [
      ...(['another encoding', '/predict'] as const),
      { headers: { ...PLAIN, 'content-encoding': 'lzw' }, body: 'a' },
      ...([415, 'UNSUPPORTED_MEDIA_TYPE'] as const),
    ],
    [
      ...(['a deadline that is none', '/predict'] as const),
      { headers: { ...PLAIN, 'x-deadline-ms': 'soon' }, body: 'a' },
      ...([400, 'INVALID_REQUEST'] as const),
    ],
    ['a fault of the dialect', '/predict', { headers: PLAIN, body: 'fault' }, 500, 'INTERNAL'],
  ])('refuse %s in their own shape', async (_, path, init, status, code) => {
    expect(await plain(path, init)).toEqual([status, code]);
  });

  it('say which methods a path has, those of every dialect', async () => {
    const response = await send('/predict', { method: 'PUT', headers: PLAIN });
    expect(response.headers.get('allow')).toBe('POST, OPTIONS');
    const own = await send('/predict', { method: 'PUT' });
    expect(await codeOf(own)).toEqual([405, 'METHOD_NOT_ALLOWED']);
  });

  it('read parameters of a path in their own case, and bodies that come in chunks or compressed', async () => {
    const chunks = new Blob(['A film, ', 'in pieces.']).stream();
    const init = { body: chunks, duplex: 'half', headers: PLAIN } as RequestInit;
    expect((await plain('/plain/v2', init))[1]).toMatch(/^v2 /);
    const body = gzipSync('A film, packed.');
    const packed = await plain('/plain/v2', { body, headers: { 'content-encoding': 'gzip' } });
    expect(packed[1]).toMatch(/^v2 /);
  });

  it('tell what became of a deadline, and of a list of which one text is bad', async () => {
    const workers = service.workerPids();
    for (const pid of workers) process.kill(pid, 'SIGSTOP');
    try {
      const headers = { ...PLAIN, 'x-deadline-ms': '50' };
      expect(await plain('/predict', { headers, body: 'Late.' })).toEqual([504, 'DEADLINE_EXCEEDED']);
    } finally {
      for (const pid of workers) process.kill(pid, 'SIGCONT');
    }
    const list = await send('/predict', { headers: JSON_TYPE, body: '{"inputs":["A film.",""]}' });
    const [first, second] = (await list.json()) as unknown[];
    expect(first).toHaveLength(2);
    expect(second).toEqual({ error: 'EMPTY_TEXT' });
  });

  it('word what is no HTTP, in a request of theirs and after one', async () => {
    const answersTo = async (bytes: string): Promise<string> => {
      const { hostname, port } = new URL(service.url);
      const socket = connect({ host: hostname, port: Number(port) });
      socket.write(bytes);
      let answer = '';
      for await (const chunk of socket) answer += String(chunk);
      return answer;
    };
    const head = 'POST /predict HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\n';
    const within = await answersTo(`${head}transfer-encoding: chunked\r\n\r\nzz\r\n`);
    expect(within).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*\r\n\r\nMALFORMED_HTTP [0-9a-f]{32}\n$/);
    const after = await answersTo(`${head}content-length: 6\r\n\r\nA filmnonsense\r\n\r\n`);
    expect(after).toMatch(
      /^HTTP\/1\.1 200 OK[^]*\nHTTP\/1\.1 400 Bad Request[^]*\nMALFORMED_HTTP [0-9a-f]{32}\n$/,
    );
    expect(await answersTo('nonsense\r\n\r\n')).toContain('application/problem+json');
  });
});

describe('keys and rates of a dialect', () => {
  beforeAll(async () => {
    const settings = { API_KEYS: 'one:key-one', RATE_LIMIT_PER_S: '0.01', RATE_LIMIT_BURST: '4' };
    service = await Service.start(settings, SCRIPT);
  });

  afterAll(async () => {
    await service.stop();
  });

  it('are asked for before the body is read, and refused in its shape', async () => {
    expect(await plain('/predict', { headers: PLAIN, body: '' })).toEqual([401, 'UNAUTHENTICATED']);
    const response = await send('/predict', { headers: PLAIN, body: 'a' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await plain('/plain/v1?key=key-two', { body: 'a' })).toEqual([401, 'UNAUTHENTICATED']);
    for (const path of ['/predict', '/predict_batch', '/feedback']) {
      expect(await codeOf(await send(path, { headers: JSON_TYPE, body: '{' }))).toEqual([
        401,
        'UNAUTHENTICATED',
      ]);
    }
  });

  it('are those of the client, whatever dialect it speaks, and a key may stand where the route says', async () => {
    const key = { 'x-api-key': 'key-one' };
    expect((await plain('/plain/v1?key=key-one', { body: 'A film.' }))[0]).toBe(200);
    expect((await plain('/predict', { headers: { ...PLAIN, ...key }, body: 'A film.' }))[0]).toBe(200);
    const body = '{"inputs":"A film."}';
    const inputs = await send('/predict', { headers: { ...JSON_TYPE, ...key }, body });
    expect(inputs.status).toBe(200);
    expect(await service.requestLine(idOf(inputs))).toMatchObject({ api_key_name: 'one' });
    expect((await service.post('/predict', { text: 'A film.' }, key)).status).toBe(200);
    const limited = await send('/predict', { headers: { ...PLAIN, ...key }, body: 'A film.' });
    expect([limited.status, await limited.text()]).toEqual([429, `RATE_LIMITED ${idOf(limited)}\n`]);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(90);
    const own = await service.post('/predict', { text: 'A film.' }, key);
    expect(await codeOf(own)).toEqual([429, 'RATE_LIMITED']);
  });

  it('leave nothing of a key in the log', () => {
    expect(service.lines.filter((line) => JSON.stringify(line).includes('key-'))).toEqual([]);
  });
});
