import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import type { AppError } from '../../../../src/base/errors/app-error.js';
import { answerUnreadable } from '../../../../src/service/http/unreadable-requests.js';

it('tells a client that is too slow with its headers so, and closes', async () => {
  const server = createServer({ headersTimeout: 50, connectionsCheckingInterval: 10 });
  const failures: AppError[] = [];
  answerUnreadable(server, { unread: (failure) => `id-${failures.push(failure)}` });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nhost: a\r\n');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toMatchObject({
    code: 'REQUEST_TIMEOUT',
    request_id: 'id-1',
  });
  expect(failures.map(({ code }) => code)).toEqual(['REQUEST_TIMEOUT']);
  server.close();
});
