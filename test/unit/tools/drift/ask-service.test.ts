import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { ServiceClient } from '../../../../src/tools/client/service-client.js';
import { askService } from '../../../../src/tools/drift/ask-service.js';
import type { ServiceOutcome } from '../../../../src/tools/drift/text-outcome.js';

interface Reply {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

let server: Server | undefined;
/** Texts of each request, in the order of arrival. */
let requests: { texts: string[]; at: number }[] = [];

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
  requests = [];
});

const answer = (text: string): object => ({
  label: 'POSITIVE',
  score: 0.9,
  tokens: text.length,
  truncated: false,
  model_version: 'v1',
});
const good = (texts: readonly string[]): Reply => ({ status: 200, body: { results: texts.map(answer) } });
const problem = (status: number, code: string, more: object = {}): Reply => ({
  status,
  body: { code, detail: 'why', ...more },
});

/** A service that answers each request as told. */
async function listen(reply: (texts: string[], request: number) => Reply): Promise<string> {
  server = createServer((request, response) => {
    void json(request).then((body) => {
      const { texts } = body as { texts: string[] };
      requests.push({ texts, at: performance.now() });
      const found = request.url === '/below/predict_batch';
      const { status, body: content, headers } = found ? reply(texts, requests.length) : problem(404, 'PATH');
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(content));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/below`;
}

function ask(
  url: string,
  texts: readonly string[],
  signal = new AbortController().signal,
  apiKey: string | null = null,
): Promise<ServiceOutcome[]> {
  const client = new ServiceClient({ url, apiKey, signal });
  return askService(client, {
    model: 'm',
    version: 'v1',
    texts,
    apiKey,
    signal,
    onProgress: () => undefined,
  });
}

const tokensOf = (outcomes: readonly ServiceOutcome[]): (number | string)[] =>
  outcomes.map((outcome) => (outcome.ok ? outcome.tokens : outcome.code));

const TEXTS = Array.from({ length: 100 }, (_, i) => 'x'.repeat(i + 1));
const LENGTHS = TEXTS.map(({ length }) => length);

describe('asking the service', () => {
  it('sends small requests and keeps the order', async () => {
    const url = await listen(good);
    expect(tokensOf(await ask(url, TEXTS))).toEqual(LENGTHS);
    expect(requests).toHaveLength(4);
    expect(Math.max(...requests.map(({ texts }) => texts.length))).toBe(32);
  });

  it('comes back after the time that the service names, and not before', async () => {
    const url = await listen((texts, n) =>
      n === 1 ? { ...problem(429, 'OVERLOADED'), headers: { 'retry-after': '1' } } : good(texts),
    );
    expect(tokensOf(await ask(url, ['a']))).toEqual([1]);
    const [first, second] = requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(990);
  });

  it('halves a request that is too large, and tells which text is', async () => {
    const url = await listen((texts) =>
      texts.join('').length > 60 ? problem(413, 'BODY_TOO_LARGE') : good(texts),
    );
    const expected = LENGTHS.map((length) => (length > 60 ? 'BODY_TOO_LARGE' : length));
    expect(tokensOf(await ask(url, TEXTS))).toEqual(expected);
  });

  it('finds the text for which a request fails', async () => {
    const url = await listen((texts) => (texts.includes('xxx') ? problem(500, 'INTERNAL') : good(texts)));
    expect(tokensOf(await ask(url, ['x', 'xx', 'xxx', 'xxxx']))).toEqual([1, 2, 'INTERNAL', 4]);
  });

  it('asks again, alone, for a text that the service had no time for', async () => {
    const late = { error: { code: 'DEADLINE_EXCEEDED', detail: 'late' } };
    const url = await listen((texts) => ({
      status: 200,
      body: { results: texts.map((text) => (text === 'xx' && texts.length > 1 ? late : answer(text))) },
    }));
    expect(tokensOf(await ask(url, ['x', 'xx', 'xxx']))).toEqual([1, 2, 3]);
    expect(requests.map(({ texts }) => texts)).toEqual([['x', 'xx', 'xxx'], ['xx']]);
  });

  it('keeps the error of a text that stands in its place', async () => {
    const url = await listen((texts) => ({
      status: 200,
      body: { results: texts.map(() => ({ error: { code: 'EMPTY_TEXT', detail: 'blank' } })) },
    }));
    expect(await ask(url, [' '])).toEqual([{ ok: false, code: 'EMPTY_TEXT', message: 'blank' }]);
    expect(requests).toHaveLength(1);
  });

  it.each([
    [429, 'OVERLOADED'],
    [429, 'RATE_LIMITED'],
    [503, 'NOT_READY'],
  ])('gives up on texts that are refused six times with %i %s', async (status, code) => {
    const url = await listen((texts) =>
      texts.includes('x') ? problem(status, code, { retry_after_ms: 1 }) : good(texts),
    );
    const expected = LENGTHS.map((length) => (length <= 32 ? code : length));
    expect(tokensOf(await ask(url, TEXTS))).toEqual(expected);
    expect(requests).toHaveLength(3 + 6);
  });

  it.each<[string, Reply, RegExp]>([
    ['wants a key', problem(401, 'UNAUTHENTICATED'), /--api-key-file/],
    ['has not loaded the version', problem(503, 'VERSION_NOT_READY'), /VERSION_NOT_READY/],
    ['is none of ours', { status: 200, body: { hello: 'there' } }, /does not answer as Serin/],
    ['has no such route', { status: 404, body: {} }, /HTTP_404/],
  ])('asks once when the service %s', async (_, reply, message) => {
    const url = await listen(() => reply);
    await expect(ask(url, ['a'])).rejects.toThrow(message);
    expect(requests).toHaveLength(1);
  });

  it('tells a key that is wrong from one that is missing', async () => {
    const url = await listen(() => problem(401, 'UNAUTHENTICATED'));
    const { signal } = new AbortController();
    await expect(ask(url, ['a'], signal, 'wrong')).rejects.toThrow(/does not accept the API key/);
    await expect(ask(url, ['a'], signal, null)).rejects.toThrow(/wants an API key/);
    await expect(ask(url, ['a'], signal, '')).rejects.toThrow(/wants an API key/);
  });

  it('ends when it is interrupted, also while it waits', async () => {
    const interruption = new AbortController();
    const url = await listen(() => {
      setImmediate(() => {
        interruption.abort();
      });
      return problem(429, 'OVERLOADED', { retry_after_ms: 30_000 });
    });
    await expect(ask(url, ['a'], interruption.signal)).rejects.toThrow(/abort/i);
  });
});
