import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readAll } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { PredictSender, replyOf } from '../../../../src/tools/traffic/predict-sender.js';

const answer = (more: object = {}): string =>
  JSON.stringify({ label: 'POSITIVE', score: 0.9, model_version: 'v1', cache_hit: false, ...more });

describe('an answer', () => {
  it.each([
    [200, answer(), undefined, { ok: true, source: 'model', version: 'v1' }],
    [
      200,
      answer({ cache_hit: true }),
      'cache;desc=memory, total;dur=0.1',
      { ok: true, source: 'memory', version: 'v1' },
    ],
    [
      200,
      answer({ cache_hit: true }),
      'total;dur=0.1, cache;desc="redis"',
      { ok: true, source: 'redis', version: 'v1' },
    ],
    [200, answer({ cache_hit: true }), 'mycache;desc=memory', { ok: true, source: 'cache', version: 'v1' }],
    [200, answer({ cache_hit: true }), undefined, { ok: true, source: 'cache', version: 'v1' }],
    [200, '<html>', undefined, { ok: false, code: 'UNREADABLE_ANSWER' }],
    [200, '{"label":"POSITIVE"}', undefined, { ok: false, code: 'UNREADABLE_ANSWER' }],
    [429, '{"code":"OVERLOADED"}', undefined, { ok: false, code: 'OVERLOADED' }],
    [502, 'Bad gateway', undefined, { ok: false, code: 'HTTP_502' }],
  ])('of %d %s with Server-Timing %s is read', (status, body, timing, reply) => {
    expect(replyOf(status, body, timing)).toEqual(reply);
  });
});

describe('the sender', () => {
  const MODEL = { ok: true, source: 'model', version: 'v1' };
  let server: Server;
  let senders: PredictSender[] = [];

  async function listen(
    handle: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<string> {
    server = createServer(handle);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  }

  function sender(url: string, more: object = {}): PredictSender {
    const made = new PredictSender({
      url,
      apiKey: null,
      model: undefined,
      version: undefined,
      connections: 1,
      ...more,
    });
    senders.push(made);
    return made;
  }

  afterEach(() => {
    for (const one of senders) one.close();
    senders = [];
    server.close();
    server.closeAllConnections();
  });

  it('posts the text with the key, the model and the version, below the path of the address', async () => {
    const seen: unknown[] = [];
    const url = await listen((request, response) => {
      void readAll(request).then((body) => {
        seen.push(request.method, request.url, request.headers.authorization, JSON.parse(body));
        response.end(answer());
      });
    });
    const options = { apiKey: 'k', model: 'sentiment', version: 'v2' };
    await sender(`${url}/below`, options).send('caf\u00e9 \ud83d');
    const body = { text: 'caf\u00e9 \ud83d', model: 'sentiment', version: 'v2' };
    expect(seen).toEqual(['POST', '/below/predict', 'Bearer k', body]);
  });

  it('keeps its connection', async () => {
    let connections = 0;
    const url = await listen((_, response) => response.end(answer()));
    server.on('connection', () => connections++);
    const one = sender(url);
    expect([await one.send('a'), await one.send('b'), await one.send('c')]).toEqual([MODEL, MODEL, MODEL]);
    expect(connections).toBe(1);
  });

  it('sends again when the service closed the idle connection in that moment, and only then', async () => {
    let requests = 0;
    const url = await listen((request, response) => {
      requests++;
      // The second request meets a connection that is reset, as when the service's keep-alive has just ended.
      if (requests === 2 || requests >= 4) request.socket.resetAndDestroy();
      else response.end(answer());
    });
    const one = sender(url);
    expect([await one.send('a'), await one.send('b')]).toEqual([MODEL, MODEL]);
    expect(requests).toBe(3);
    expect(await one.send('c')).toEqual({ ok: false, code: 'UNREACHABLE' });
    expect(requests).toBe(5);
  });

  it('says that nobody is there', async () => {
    const url = await listen(() => undefined);
    server.close();
    expect(await sender(url).send('a')).toEqual({ ok: false, code: 'UNREACHABLE' });
  });
});
