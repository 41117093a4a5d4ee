import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/base/errors/problem.js';
import { SliceApp } from '../support/slice-app.js';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

const CRLF = '\r\n';
const head = (...lines: string[]): string => [...lines, '', ''].join(CRLF);
const JSON_TYPE = 'content-type: application/json';
const PREDICT =
  head('POST /predict HTTP/1.1', 'host: a', JSON_TYPE, 'content-length: 18') + '{"text":"A film."}';

/** Every answer on one connection until the service closes it. */
function answersOf(bytes: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = bytes; rest !== '';) {
    const bodyAt = rest.indexOf(CRLF + CRLF) + 4;
    const [top = '', ...lines] = rest.slice(0, bodyAt).trimEnd().split(CRLF);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(': ')[0]?.toLowerCase(), line.slice(line.indexOf(': ') + 2)]),
    ) as Record<string, string>;
    const end = bodyAt + Number(headers['content-length']);
    const body = JSON.parse(rest.slice(bodyAt, end)) as Problem;
    answers.push({ status: Number(top.split(' ')[1]), headers, body });
    rest = rest.slice(end);
  }
  return answers;
}

/** Sends each piece when the one before it has been answered. */
async function send(service: SliceApp, ...pieces: readonly string[]): Promise<Answer[]> {
  const { hostname, port } = new URL(service.url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  let received = '';
  socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
  const closed = once(socket, 'close');
  for (const [i, piece] of pieces.entries()) {
    if (i > 0) await once(socket, 'data');
    socket.write(piece);
  }
  await closed;
  return answersOf(received);
}

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
      const answers = await send(service, bytes);
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
    const answers = await send(service, PREDICT + 'nonsense' + CRLF + CRLF);
    expect(answers.map(({ status }) => status)).toEqual([200, 400]);
    expect(answers[0]?.body).toMatchObject({ model_version: 'v1' });
    const next = await send(service, PREDICT, PREDICT, 'nonsense' + CRLF + CRLF);
    expect(next.map(({ status }) => status)).toEqual([200, 200, 400]);
  });

  it('comes in a body that was refused: there is one answer', async () => {
    const start = head('POST /predict HTTP/1.1', 'host: a', 'transfer-encoding: chunked');
    const answers = await send(service, start, 'zz' + CRLF);
    expect(answers.map(({ body }) => body.code)).toEqual(['UNSUPPORTED_MEDIA_TYPE']);
  });

  it('counts, and does no harm', async () => {
    const metrics = await (await service.fetch('/metrics')).text();
    const counted = metrics.match(/^serin_requests_total\{.*MALFORMED_HTTP.*\} \d+$/gm);
    expect(counted).toHaveLength(2);
    expect(service.lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });
});
