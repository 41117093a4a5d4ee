import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  inTurn,
  latestResponse,
  latestShape,
  MAX_IN_HAND,
  responseClosed,
} from '../../../../src/service/http/pipelined-requests.js';
import { attachShape, Reply } from '../../../../src/service/request/reply.js';

const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const POST = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\n\r\na';
/** Node reads a connection in blocks of this size. */
const BLOCK_BYTES = 65_536;

let server: Server;
let client: Socket;

/** Serves requests in turn; `received` counts those that Node has handed over, begun or not. */
async function start(serve: RequestListener): Promise<{ readonly received: () => number }> {
  let received = 0;
  const listener = inTurn(serve);
  server = createServer((request, response) => {
    received++;
    listener(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  return { received: () => received };
}

afterEach(() => {
  client.destroy();
  server.closeAllConnections();
  server.close();
});

describe('a connection that rests', () => {
  it('keeps nothing of its last request but the shape of its failures', async () => {
    const shape = { problem: () => new Reply(500, {}) };
    const sockets: Duplex[] = [];
    await start((request, response) => {
      attachShape(response, shape);
      sockets.push(request.socket);
      response.on('close', () => {
        responseClosed(response);
      });
      response.end('a');
    });
    client.write(REQUEST);
    await once(client, 'data');
    const [socket] = sockets;
    if (socket === undefined) throw new Error('no request came');
    await vi.waitUntil(() => latestResponse(socket) === undefined);
    expect(latestShape(socket)).toBe(shape);
  });
});

describe('the requests of one connection', () => {
  it('are served a few at a time, and answered in their order', async () => {
    const held: ServerResponse[] = [];
    const { received } = await start((_, response) => held.push(response));
    let answers = '';
    client.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    client.write(REQUEST.repeat(100));
    await vi.waitUntil(() => received() === 100);
    expect(held).toHaveLength(MAX_IN_HAND);

    for (let begun = 0; begun < 100;) {
      const now = held.slice(begun);
      expect(now.length).toBeLessThanOrEqual(MAX_IN_HAND);
      for (const [i, response] of [...now.entries()].reverse()) response.end(`<${begun + i}>`);
      begun += now.length;
      if (begun < 100) await vi.waitUntil(() => held.length > begun);
    }
    await vi.waitUntil(() => answers.includes('<99>'));
    expect(answers.match(/<\d+>/g)).toEqual(Array.from({ length: 100 }, (_, i) => `<${i}>`));
  });

  it('are not read while one waits, so that they are never more than a few blocks', async () => {
    let [answered, most] = [0, 0];
    const { received } = await start((_, response) => {
      setImmediate(() => {
        most = Math.max(most, received() - answered);
        answered++;
        response.end();
      });
    });
    client.resume();
    client.write(REQUEST.repeat(30_000));
    await vi.waitUntil(() => answered === 30_000, { timeout: 20_000 });
    expect(most).toBeLessThan((3 * BLOCK_BYTES) / REQUEST.length);
  });

  it.each([
    ['without a body', REQUEST],
    ['with a body, after which Node lets the answer be written before it reads on', POST],
  ])('leave the event loop to others between their answers: requests %s', async (_, bytes) => {
    let answered = 0;
    const perTurn: number[] = [];
    await start((request, response) => {
      request.resume().on('end', () => {
        answered++;
        response.end();
      });
    });
    const count = (): void => {
      perTurn.push(answered);
      if (answered < 1000) setImmediate(count);
    };
    client.resume();
    client.write(bytes.repeat(1000));
    count();
    await vi.waitUntil(() => answered === 1000);
    const steps = perTurn.map((total, i) => total - (perTurn[i - 1] ?? 0));
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * MAX_IN_HAND);
  });

  it('all hear that the client has left', async () => {
    const held: ServerResponse[] = [];
    const closed: ServerResponse[] = [];
    await start((_, response) => {
      held.push(response);
      response.on('close', () => closed.push(response));
    });
    client.write(REQUEST.repeat(10));
    await vi.waitUntil(() => held.length === 10);
    client.destroy();
    await vi.waitUntil(() => closed.length > 0);
    expect(closed).toEqual(held);
    for (const response of held) response.end('too late');
  });

  it('do not begin when the client has left, which the first answer shows while the connection is not read', async () => {
    const held: ServerResponse[] = [];
    let closed = 0;
    const { received } = await start((_, response) => {
      held.push(response);
      response.on('close', () => closed++);
    });
    client.write(REQUEST.repeat(100));
    await vi.waitUntil(() => received() === 100);
    client.destroy();
    await once(client, 'close');
    for (let i = 0; closed < held.length; i++) {
      held[i]?.end('answer');
      await new Promise((turn) => setImmediate(turn));
    }
    const begun = held.length;
    expect(begun).toBeLessThan(50);
    await new Promise((turn) => setImmediate(turn));
    expect(held).toHaveLength(begun);
  });
});
