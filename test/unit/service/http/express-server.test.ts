import { once } from 'node:events';
import { IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Request, type Response } from 'express';
import { afterEach, expect, it } from 'vitest';
import { createExpressServer } from '../../../../src/service/http/express-server.js';

let server: Server | undefined;

afterEach(() => {
  server?.close();
});

const prototypes = (...objects: readonly object[]): unknown[] =>
  objects.map((object) => Object.getPrototypeOf(object) as unknown);

it('constructs requests and responses with the prototypes that Express would set on each of them', async () => {
  const application = express();
  const seen: unknown[][] = [];
  application.get('/', (request: Request, response: Response) => {
    seen.push(prototypes(request, response));
    response.json({ express: request.get('x-name'), isNodes: request instanceof IncomingMessage });
  });
  server = createExpressServer(application);
  server.prependListener('request', (request, response) => {
    seen.push(prototypes(request, response));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;

  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-name': 'serin' } });

  expect(await answer.json()).toEqual({ express: 'serin', isNodes: true });
  expect(seen).toHaveLength(2);
  expect(seen[0]?.[0]).toBe(seen[1]?.[0]);
  expect(seen[0]?.[1]).toBe(seen[1]?.[1]);
});
