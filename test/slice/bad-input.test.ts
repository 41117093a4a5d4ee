import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { SliceApp } from '../support/slice-app.js';

const MAX_BODY_BYTES = 100_000;

interface BadRequest {
  readonly name: string;
  readonly path?: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status: number;
  readonly code: string;
  /** The fields that the answer names, in order. */
  readonly fields?: readonly string[];
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const text = (value: unknown): string => JSON.stringify({ text: value });
const texts = (value: unknown): string => JSON.stringify({ texts: value });

const INVALID = { status: 400, code: 'INVALID_REQUEST' };
const MALFORMED = { status: 400, code: 'MALFORMED_JSON' };
const EMPTY = { status: 400, code: 'EMPTY_TEXT', fields: ['text'] };
const TOO_LARGE = { status: 413, code: 'BODY_TOO_LARGE' };
const MEDIA_TYPE = { status: 415, code: 'UNSUPPORTED_MEDIA_TYPE' };
const BATCH = { path: '/predict_batch' };

const BAD: readonly BadRequest[] = [
  { name: 'no text', body: '{}', ...INVALID, fields: ['text'] },
  { name: 'null text', body: text(null), ...INVALID, fields: ['text'] },
  { name: 'a number as text', body: text(5), ...INVALID, fields: ['text'] },
  { name: 'a boolean as text', body: text(true), ...INVALID, fields: ['text'] },
  { name: 'an array as text', body: text(['a']), ...INVALID, fields: ['text'] },
  { name: 'an object as text', body: text({ a: 1 }), ...INVALID, fields: ['text'] },
  { name: 'empty text', body: text(''), ...EMPTY },
  { name: 'blank text', body: text(' \t\r\n'), ...EMPTY },
  { name: 'Unicode white space', body: text('\u3000\u2003\u0085\u2028\u00a0\ufeff'), ...EMPTY },
  { name: 'U+200B', body: text('\u200b'), ...EMPTY },
  { name: 'a NUL byte', body: text('\0'), ...EMPTY },
  { name: 'an accent without a letter', body: text('\u0301'), ...EMPTY },
  { name: 'half a surrogate pair', body: '{"text":"\\ud800"}', ...EMPTY },
  { name: 'an array as body', body: '["a"]', ...INVALID, fields: ['body'] },
  { name: 'a string as body', body: '"a"', ...INVALID, fields: ['body'] },
  { name: 'null as body', body: 'null', ...INVALID, fields: ['body'] },
  { name: 'an unknown field', body: '{"text":"a","txet":"b"}', ...INVALID, fields: ['txet'] },
  {
    name: '__proto__ and constructor',
    body: '{"text":"a","__proto__":{"model":"x"},"constructor":{"prototype":{}}}',
    ...INVALID,
    fields: ['__proto__', 'constructor'],
  },
  {
    name: 'everything wrong at once',
    body: '{"text":1,"model":{},"version":"","top_k":0,"x":1}',
    ...INVALID,
    fields: ['x', 'text', 'model', 'version', 'top_k'],
  },
  { name: 'null model', body: '{"text":"a","model":null}', ...INVALID, fields: ['model'] },
  { name: 'a path as model', body: '{"text":"a","model":"../secrets"}', ...INVALID, fields: ['model'] },
  { name: 'half a top_k', body: '{"text":"a","top_k":1.5}', ...INVALID, fields: ['top_k'] },
  { name: 'top_k as a string', body: '{"text":"a","top_k":"1"}', ...INVALID, fields: ['top_k'] },
  { name: 'an unknown model', body: '{"text":"a","model":"nobody"}', status: 404, code: 'MODEL_NOT_FOUND' },
  {
    name: '__proto__ as model',
    body: '{"text":"a","model":"constructor"}',
    status: 404,
    code: 'MODEL_NOT_FOUND',
  },
  {
    name: 'an unknown version',
    body: '{"text":"a","version":"v99"}',
    status: 404,
    code: 'VERSION_NOT_FOUND',
  },
  { name: 'broken JSON', body: '{"text":', ...MALFORMED },
  { name: 'two JSON values', body: '{"text":"a"}{}', ...MALFORMED },
  { name: 'text that is no JSON', body: 'text=a', ...MALFORMED },
  { name: 'deep arrays', body: nested(30_000), ...INVALID, fields: ['body'] },
  { name: 'deep text', body: `{"text":${nested(30_000)}}`, ...INVALID, fields: ['text'] },
  {
    name: 'deep model',
    body: `{"text":"a","model":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
    ...INVALID,
    fields: ['model'],
  },
  { name: 'a body that is too large', body: text('a'.repeat(2_000_000)), ...TOO_LARGE },
  {
    name: 'a gzip bomb',
    body: new Uint8Array(gzipSync(text('a'.repeat(20_000_000)))),
    headers: { 'content-encoding': 'gzip' },
    ...TOO_LARGE,
  },
  { name: 'gzip that is none', body: text('a'), headers: { 'content-encoding': 'gzip' }, ...MALFORMED },
  {
    name: 'half a gzip stream',
    body: new Uint8Array(gzipSync(text('a'.repeat(500))).subarray(0, 20)),
    headers: { 'content-encoding': 'gzip' },
    ...MALFORMED,
  },
  { name: 'an unknown encoding', body: text('a'), headers: { 'content-encoding': 'zip' }, ...MEDIA_TYPE },
  {
    name: 'a form',
    body: 'text=a',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...MEDIA_TYPE,
  },
  { name: 'no content type', body: text('a'), headers: { 'content-type': '' }, ...MEDIA_TYPE },
  {
    name: 'latin1',
    body: text('a'),
    headers: { 'content-type': 'application/json; charset=latin1' },
    ...MEDIA_TYPE,
  },
  {
    name: 'a deadline in words',
    body: text('a'),
    headers: { 'x-deadline-ms': 'soon' },
    ...INVALID,
    fields: ['x-deadline-ms'],
  },
  {
    name: 'a deadline of 0',
    body: text('a'),
    headers: { 'x-deadline-ms': '0' },
    ...INVALID,
    fields: ['x-deadline-ms'],
  },
  { name: 'no texts', ...BATCH, body: '{}', ...INVALID, fields: ['texts'] },
  { name: 'zero texts', ...BATCH, body: texts([]), ...INVALID, fields: ['texts'] },
  { name: 'a string as texts', ...BATCH, body: texts('a'), ...INVALID, fields: ['texts'] },
  { name: 'an object as texts', ...BATCH, body: texts({ 0: 'a', length: 1 }), ...INVALID, fields: ['texts'] },
  { name: 'too many texts', ...BATCH, body: texts(Array(5).fill('a')), ...INVALID, fields: ['texts'] },
  { name: 'text instead of texts', ...BATCH, body: text('a'), ...INVALID, fields: ['text', 'texts'] },
  {
    name: 'an unknown model in a batch of bad texts',
    ...BATCH,
    body: '{"texts":[1],"model":"nobody"}',
    status: 404,
    code: 'MODEL_NOT_FOUND',
  },
];

describe('bad input', () => {
  let service: SliceApp;

  beforeAll(async () => {
    service = await SliceApp.start({ MAX_BODY_BYTES: String(MAX_BODY_BYTES), MAX_TEXTS: '4' });
  });

  afterAll(async () => {
    await service.stop();
  });

  for (const { name, path = '/predict', body, headers = {}, status, code, fields } of BAD) {
    it(`that is ${name} is answered ${status} ${code}, and logged so`, async () => {
      const response = await service.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      });
      const problem = (await response.json()) as Problem;
      expect([response.status, problem.code]).toEqual([status, code]);
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(problem.request_id).toBe(response.headers.get('x-request-id'));
      expect(problem.errors?.map(({ field }) => field)).toEqual(fields);
      const { code: logged } = await service.requestLine(problem.request_id);
      expect(logged).toBe(code);
    });
  }

  it('is an error in its place in a batch, and spares the rest', async () => {
    const response = await service.fetch('/predict_batch', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"texts":["A fine film.",${nested(10_000)}," ",null]}`,
    });
    const { results } = (await response.json()) as { results: { label?: string; error?: Problem }[] };
    expect(response.status).toBe(200);
    expect(results.map((result) => result.error?.code ?? result.label)).toEqual([
      'POSITIVE',
      'INVALID_REQUEST',
      'EMPTY_TEXT',
      'INVALID_REQUEST',
    ]);
    expect(results[1]?.error?.errors?.[0]?.field).toBe('texts.1');
  });

  it('is named by its place in a batch also where only the tokenizer finds it empty', async () => {
    const response = await service.post('/predict_batch', { texts: ['A fine film.', '\ufffd', '\u00ad'] });
    const { results } = (await response.json()) as { results: { error?: Problem }[] };
    expect(response.status).toBe(200);
    expect(results.map(({ error }) => error?.errors?.map(({ field }) => field))).toEqual([
      undefined,
      ['texts.1'],
      ['texts.2'],
    ]);
  });

  it.each([
    ['a NUL byte', 'good\u0000film'],
    ['a lone surrogate', 'good \ud800 film'],
    ['a word of 10,000 characters', 'g'.repeat(10_000)],
    ['[SEP] and [MASK]', 'good [SEP] film [MASK]'],
  ])('is not %s, which is answered like any other text', async (_, value) => {
    const response = await service.post('/predict', { text: value });
    expect(response.status).toBe(200);
  });

  it('is not a body in pieces, with a byte order mark, in chunks without a length, or compressed', async () => {
    const json = JSON.stringify({ text: 'Ein schöner Film 🎬.' });
    const { body: whole } = await answerTo(service, [json]);
    expect(whole).toMatchObject({ label: 'POSITIVE', request_id: 'pieces' });
    const bytes = Buffer.from(json);
    const byByte = [...bytes].map((byte) => Buffer.of(byte));
    const chunked = byByte.map((byte) => Buffer.concat([Buffer.from('1\r\n'), byte, Buffer.from('\r\n')]));
    for (const { pieces, headers } of [
      { pieces: byByte },
      { pieces: [Buffer.from('\ufeff'), bytes] },
      { pieces: [...chunked, '0\r\n\r\n'], headers: ['transfer-encoding: chunked'] },
      { pieces: [gzipSync(bytes)], headers: ['content-encoding: gzip'] },
    ]) {
      const { status, body } = await answerTo(service, pieces, headers);
      expect([status, { ...body, latency_ms: 0, cache_hit: true }]).toEqual([
        200,
        { ...whole, latency_ms: 0, cache_hit: true },
      ]);
    }
  });

  it('is refused at its announced length, and the connection goes on', async () => {
    const large = text('a'.repeat(MAX_BODY_BYTES - 10));
    expect(Buffer.byteLength(large)).toBe(MAX_BODY_BYTES + 1);
    expect((await answerTo(service, [large])).status).toBe(413);
    expect((await answerTo(service, [text('a'.repeat(MAX_BODY_BYTES - 11))])).status).toBe(200);
  });

  it('names a path that is no UTF-8, an unknown route, a wrong method', async () => {
    const codes = [];
    for (const [path, method] of [
      ['/models/%FF', 'GET'],
      ['/nowhere', 'POST'],
      ['/predict', 'PUT'],
    ] as const) {
      const response = await service.fetch(path, { method, ...(method !== 'GET' && { body: '{' }) });
      codes.push(((await response.json()) as Problem).code, response.headers.get('allow'));
    }
    expect(codes).toEqual([
      'INVALID_REQUEST',
      null,
      'NOT_FOUND',
      null,
      'METHOD_NOT_ALLOWED',
      'POST, OPTIONS',
    ]);
  });

  it('is not a request with the method OPTIONS or HEAD', async () => {
    const options = await service.fetch('/health/live', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
    const head = await service.fetch('/health/live', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('is never logged as a fault of the service', () => {
    expect(service.lines.filter(({ msg, level }) => msg === 'fault' || level === 'error')).toEqual([]);
    expect(service.garbage).toEqual([]);
  });
});

/** Writes a request to /predict piece by piece, each in a packet of its own, and reads the answer. */
function answerTo(
  service: SliceApp,
  pieces: readonly (string | Uint8Array)[],
  headers: readonly string[] = [],
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { hostname, port } = new URL(service.url);
  const length = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0);
  const head = [
    'POST /predict HTTP/1.1',
    `host: ${hostname}`,
    'content-type: application/json',
    'x-request-id: pieces',
    'connection: close',
    ...(headers.includes('transfer-encoding: chunked') ? [] : [`content-length: ${String(length)}`]),
    ...headers,
    '\r\n',
  ].join('\r\n');
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    socket.on('error', reject).on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => {
      const [top = '', body = ''] = answer.split('\r\n\r\n');
      resolve({ status: Number(top.split(' ')[1]), body: JSON.parse(body) as Record<string, unknown> });
    });
    const send = async (): Promise<void> => {
      for (const piece of [head, ...pieces]) await new Promise((sent) => socket.write(piece, sent));
    };
    void send();
  });
}
