import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRLF, exchange, head, JSON_TYPE, PREDICT, send } from '../support/raw-http.js';
import { SliceApp } from '../support/slice-app.js';

const GET = 'GET /health/live HTTP/1.1';
const BODY = '{"text":"A film."}';
const CHUNKS = ['12', BODY, '0', '', ''].join(CRLF);
const predict = (...lines: string[]): string =>
  head('POST /predict HTTP/1.1', ...lines, JSON_TYPE, `content-length: ${BODY.length}`) + BODY;
const inCoding = (coding: string): string =>
  head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, `transfer-encoding: ${coding}`) + CHUNKS;
const headers = (count: number): string[] => Array<string>(count).fill('a:');

const MALFORMED = [400, 'MALFORMED_HTTP'] as const;
const UNEXPECTED = [417, 'EXPECTATION_FAILED'] as const;
const TOO_MANY = [431, 'HEADERS_TOO_LARGE'] as const;
const CODING = [415, 'UNSUPPORTED_MEDIA_TYPE'] as const;

const REFUSED = [
  ['an expectation that is unknown', predict('host: a', 'expect: foo'), ...UNEXPECTED, '/predict'],
  ['an unknown expectation in capitals', predict('host: a', 'EXPECT: FOO'), ...UNEXPECTED, '/predict'],
  ['one expectation too many', predict('host: a', 'expect: 100-continue, foo'), ...UNEXPECTED, '/predict'],
  [
    'an expectation without a route',
    head('GET /x HTTP/1.1', 'host: a', 'expect: b'),
    ...UNEXPECTED,
    'unmatched',
  ],
  ['no host', predict(), ...MALFORMED, '/predict'],
  ['two hosts', predict('host: a', 'host: b'), ...MALFORMED, '/predict'],
  ['the same host twice', predict('host: a', 'HOST: a'), ...MALFORMED, '/predict'],
  [
    'two hosts in HTTP/1.0',
    head('GET /health/live HTTP/1.0', 'host: a', 'host: b'),
    ...MALFORMED,
    '/health/live',
  ],
  ['a host with a path', head(GET, 'host: a/b'), ...MALFORMED, '/health/live'],
  ['a list of hosts', head(GET, 'host: a, b'), ...MALFORMED, '/health/live'],
  ['2,001 headers', predict('host: a', ...headers(1998)), ...TOO_MANY, '/predict'],
  ['3,000 headers before those that matter', predict(...headers(3000), 'host: a'), ...TOO_MANY, '/predict'],
  ['HTTP/2.0', head('GET /health/live HTTP/2.0', 'host: a'), ...MALFORMED, '/health/live'],
  ['HTTP/0.9', head('GET /health/live HTTP/0.9', 'host: a'), ...MALFORMED, '/health/live'],
  ['no version', 'GET /health/live' + CRLF + CRLF, ...MALFORMED, '/health/live'],
  ['a coding before the chunks', inCoding('gzip, chunked'), ...CODING, '/predict'],
  [
    'a coding in a header of its own',
    inCoding(`gzip${CRLF}transfer-encoding: chunked`),
    ...CODING,
    '/predict',
  ],
  ['a coding that has no name', inCoding(''), ...CODING, '/predict'],
  ['chunks in HTTP/1.0', inCoding('chunked').replace('1.1', '1.0'), ...MALFORMED, '/predict'],
] as const;

describe('a request that breaks a rule of HTTP', () => {
  let service: SliceApp;

  beforeAll(async () => {
    service = await SliceApp.start();
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(REFUSED)(
    'is answered with a problem, logged under its route, counted, and ends its connection when it has %s',
    async (_, bytes, status, code, route) => {
      const answers = await send(service.url, bytes);
      expect(answers.map((answer) => [answer.status, answer.body.code])).toEqual([[status, code]]);
      expect(answers[0]?.headers).toMatchObject({
        'content-type': 'application/problem+json; charset=utf-8',
        connection: 'close',
      });
      const line = await service.requestLine(answers[0]?.body.request_id ?? '');
      expect(line).toMatchObject({ level: 'info', route, status, code });
      const metrics = await (await service.fetch('/metrics')).text();
      expect(metrics).toMatch(
        new RegExp(
          `^serin_requests_total\\{route="${route}",.*status="${status}",code="${code}"\\} [1-9]`,
          'm',
        ),
      );
    },
  );

  it('is CONNECT, which has no path', async () => {
    const answers = await send(service.url, head('CONNECT a:80 HTTP/1.1', 'host: a'));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([[405, 'METHOD_NOT_ALLOWED']]);
    expect(answers[0]?.headers).toMatchObject({ allow: '', connection: 'close' });
    const line = await service.requestLine(answers[0]?.body.request_id ?? '');
    expect(line).toMatchObject({
      method: 'CONNECT',
      route: 'unmatched',
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
    });
  });

  it('is answered after the requests before it', async () => {
    const connect = await send(service.url, PREDICT + head('CONNECT a:80 HTTP/1.1', 'host: a'));
    expect(connect.map(({ status }) => status)).toEqual([200, 405]);
    const hosts = await send(service.url, PREDICT + predict('host: a', 'host: b') + PREDICT);
    expect(hosts.map(({ status }) => status)).toEqual([200, 400]);
  });

  it.each(['http://', 'http://?a', 'http://a'])('is the root without a path: %s', async (target) => {
    const answer = await exchange(
      service.url,
      head(`GET ${target} HTTP/1.1`, 'host: a', 'connection: close'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 302 Found\r\n[^]*location: docs\r\n/);
  });

  it.each(['ftp://[/', 'x://[::1%]/'])('is no target in another form: %s', async (target) => {
    const answers = await send(service.url, head(`GET ${target} HTTP/1.1`, 'host: a', 'connection: close'));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual([[404, 'NOT_FOUND']]);
    const line = await service.requestLine(answers[0]?.body.request_id ?? '');
    expect(line).toMatchObject({ route: 'unmatched', status: 404 });
  });

  const KEPT = [
    ['no host in HTTP/1.0', head('GET /health/live HTTP/1.0')],
    ['an empty host', head(GET, 'host:', 'connection: close')],
    ['an address as host', head(GET, 'host: [::1]:3000', 'connection: close')],
    ['2,000 headers', head(GET, 'host: a', 'connection: close', ...headers(1998))],
    ['chunks', inCoding('Chunked').replace('host: a', `host: a${CRLF}connection: close`)],
    ['an upgrade that is not offered', head(GET, 'host: a', 'connection: upgrade, close', 'upgrade: h2c')],
  ] as const;

  it.each(KEPT)('is none with %s', async (_, bytes) => {
    const answers = await send(service.url, bytes);
    expect(answers.map(({ status }) => status)).toEqual([200]);
  });

  it('is none that expects 100-continue, in capitals or not', async () => {
    const [go, end] = ['HTTP/1.1 100 Continue', 'HTTP/1.1 200 OK'];
    const received = await exchange(
      service.url,
      predict('host: a', 'EXPECT: 100-CONTINUE', 'connection: close'),
    );
    expect(received.match(/^HTTP.*$/gm)?.map((line) => line.trim())).toEqual([go, end]);
  });
});
