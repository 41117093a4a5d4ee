import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SliceApp } from '../support/slice-app.js';

const ADMIN_TOKEN = 'a-token-of-this-test-of-body-bytes';

let service: SliceApp;

beforeAll(async () => {
  service = await SliceApp.start({ ADMIN_TOKEN });
});

afterAll(async () => {
  await service.stop();
});

interface Sent {
  readonly pieces: readonly Buffer[];
  readonly headers: Readonly<Record<string, string | number>>;
}

/** Every way that a body can travel: with a length, in one piece or two; in chunks; compressed. */
function waysOf(body: Buffer): Sent[] {
  const halves = [body.subarray(0, 13), body.subarray(13)];
  const compressed = (encoding: string, bytes: Buffer): Sent => ({
    pieces: [bytes],
    headers: { 'content-encoding': encoding, 'content-length': bytes.length },
  });
  return [
    { pieces: [body], headers: { 'content-length': body.length } },
    { pieces: halves, headers: { 'content-length': body.length } },
    { pieces: halves, headers: { 'transfer-encoding': 'chunked' } },
    compressed('gzip', gzipSync(body)),
    compressed('deflate', deflateSync(body)),
    compressed('br', brotliCompressSync(body)),
  ];
}

async function answerTo(
  { pieces, headers }: Sent,
  type = 'application/json',
  [method, path]: readonly [string, string] = ['POST', '/predict'],
): Promise<unknown[]> {
  const sent = request(`${service.url}${path}`, {
    method,
    headers: { 'content-type': type, authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
  });
  for (const piece of pieces) await new Promise((done) => sent.write(piece, done));
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { code, detail } = JSON.parse(await textOf(response)) as { code?: string; detail?: string };
  return [response.statusCode, code, detail];
}

describe('a body', () => {
  it.each([
    ['Latin-1', [0xe9]],
    ['a character that is cut off', [0xe2, 0x82]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0xbd]],
  ])('that is not UTF-8 is refused, however and wherever it is sent: %s', async (_, bytes) => {
    const refused = [400, 'MALFORMED_JSON', 'The body is not UTF-8.'];
    const start = Buffer.concat([Buffer.from('{"text":"caf'), Buffer.from(bytes)]);
    for (const rest of [' good"}', `${'a'.repeat(20_000)}"}`]) {
      const body = Buffer.concat([start, Buffer.from(rest)]);
      for (const sent of waysOf(body)) expect(await answerTo(sent)).toEqual(refused);
    }
    const body = Buffer.concat([start, Buffer.from('"}')]);
    for (const route of [
      ['POST', '/predict_batch'],
      ['POST', '/feedback'],
      ['PUT', '/admin/canary/sentiment'],
      ['POST', '/admin/canary/sentiment/rollback'],
    ] as const) {
      for (const sent of waysOf(body)) {
        expect([route, ...(await answerTo(sent, 'application/json', route))]).toEqual([route, ...refused]);
      }
    }
  });

  it.each(['utf-8', 'utf8', 'UTF8', '"utf-8"'])(
    'of the charset %s is read, however it is sent',
    async (charset) => {
      for (const sent of waysOf(Buffer.from('{"text":"A film."}'))) {
        expect((await answerTo(sent, `application/json; charset=${charset}`))[0]).toBe(200);
      }
    },
  );

  it.each(['latin1', 'utf-16', 'utf-7'])(
    'of the charset %s is refused, however it is sent',
    async (charset) => {
      for (const sent of waysOf(Buffer.from('{"text":"A film."}'))) {
        expect(await answerTo(sent, `application/json; charset=${charset}`)).toEqual([
          415,
          'UNSUPPORTED_MEDIA_TYPE',
          'The charset is not UTF-8.',
        ]);
      }
    },
  );
});
