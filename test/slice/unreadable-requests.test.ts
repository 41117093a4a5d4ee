import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CRLF, head, JSON_TYPE, PREDICT, send } from '../support/raw-http.js';
import { SliceApp } from '../support/slice-app.js';

const UNREADABLE = [
  ['no HTTP at all', 'hello' + CRLF + CRLF, 400, 'MALFORMED_HTTP', 'unmatched'],
  ['TLS on a port without it', '\x16\x03\x01\x02\x00\x01', 400, 'MALFORMED_HTTP', 'unmatched'],
  ['an unknown method', head('FETCH / HTTP/1.1', 'host: a'), 400, 'MALFORMED_HTTP', 'unmatched'],
  ['a header that is none', head('GET / HTTP/1.1', 'host: a', 'a b: c'), 400, 'MALFORMED_HTTP', 'unmatched'],
  [
    'two lengths',
    head('POST /predict HTTP/1.1', 'host: a', 'content-length: 1', 'content-length: 2'),
    ...([400, 'MALFORMED_HTTP', 'unmatched'] as const),
  ],
  [
    'headers of 100 kB',
    head('GET / HTTP/1.1', 'host: a', `x: ${'a'.repeat(100_000)}`),
    ...([431, 'HEADERS_TOO_LARGE', 'unmatched'] as const),
  ],
  [
    'a chunk without a length',
    head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, 'transfer-encoding: chunked') + 'zz' + CRLF,
    ...([400, 'MALFORMED_HTTP', '/predict'] as const),
  ],
  [
    'chunk extensions of 100 kB',
    head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, 'transfer-encoding: chunked') +
      `1;${'a'.repeat(100_000)}${CRLF}`,
    ...([413, 'BODY_TOO_LARGE', '/predict'] as const),
  ],
] as const;

describe('what cannot be read as a request', () => {
  let service: SliceApp;

  beforeAll(async () => {
    service = await SliceApp.start();
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(UNREADABLE)(
    'is answered with a problem, logged, and ends its connection when it is %s',
    async (...row) => {
      const [, bytes, status, code, route] = row;
      const answers = await send(service.url, bytes);
      expect(answers.map((answer) => [answer.status, answer.body.status, answer.body.code])).toEqual([
        [status, status, code],
      ]);
      const requestId = answers[0]?.body.request_id ?? '';
      expect(answers[0]?.headers).toMatchObject({
        'x-request-id': requestId,
        'content-type': 'application/problem+json; charset=utf-8',
        connection: 'close',
        'cache-control': 'no-store',
      });
      const line = await service.requestLine(requestId);
      expect(line).toMatchObject({ level: 'info', route, status, code });
    },
  );

  it('comes after a request that is one: that is answered first', async () => {
    const answers = await send(service.url, PREDICT + 'nonsense' + CRLF + CRLF);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[0]?.body).toMatchObject({ model_version: 'v1' });
    const next = await send(service.url, PREDICT, PREDICT, 'nonsense' + CRLF + CRLF);
    expect(next.map(({ status }) => status)).toEqual([200, 200, 400]);
  });

  it('comes behind many requests that still wait: each of them is answered first', async () => {
    const broken =
      head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, 'transfer-encoding: chunked') + 'zz' + CRLF;
    for (const last of ['nonsense' + CRLF + CRLF, broken]) {
      const answers = await send(service.url, PREDICT.repeat(100) + last);
      expect(answers.map(({ status }) => status)).toEqual([...Array<number>(100).fill(200), 400]);
      await service.requestLine(answers.at(-1)?.body.request_id ?? '');
    }
  });

  it('comes in a body that was refused: there is one answer', async () => {
    const start = head('POST /predict HTTP/1.1', 'host: a', 'transfer-encoding: chunked');
    const answers = await send(service.url, start, 'zz' + CRLF);
    expect(answers.map(({ body }) => body.code)).toEqual(['UNSUPPORTED_MEDIA_TYPE']);
  });

  it('counts, and does no harm', async () => {
    const metrics = await (await service.fetch('/metrics')).text();
    const counted = metrics.match(/^serin_requests_total\{.*MALFORMED_HTTP.*\} \d+$/gm);
    expect(counted).toHaveLength(2);
    expect(service.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
