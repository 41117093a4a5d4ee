import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ServiceClient } from '../../../../src/tools/client/service-client.js';
import { predictBatch } from '../../../../src/tools/drift/ask-service.js';
import { StartError } from '../../../../src/base/errors/start-error.js';
import { RolloutClient } from '../../../../src/tools/rollout/rollout-client.js';

const LIMIT_MS = 100;

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server?.closeAllConnections();
  server = undefined;
});

async function clientOf(
  answer: RequestListener,
  signal = new AbortController().signal,
): Promise<ServiceClient> {
  server = createServer(answer);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new ServiceClient({ url, apiKey: 'secret', signal, quickAnswerMs: LIMIT_MS });
}

/** Accepts each connection, as the kernel does for a process that is stopped. */
const silent: RequestListener = () => undefined;

/** A head and half of a body, then nothing. */
const halfAnAnswer: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"rollouts":');
};

describe('a service that accepts the connection and does not answer', () => {
  it.each([
    ['nothing', silent],
    ['half an answer', halfAnAnswer],
  ])('ends a change that gets %s with a sentence that says what is not known', async (_what, answer) => {
    const service = await clientOf(answer);
    const sentence = `The service at ${service.url} has not answered for 0.1 s; whether the change is in force is not known: look at serin canary status, repeat it, or restart the service with CANARY_PERCENT=0.`;
    const rollouts = new RolloutClient(service);
    await expect(rollouts.act('m', 'rollback', {})).rejects.toThrow(new StartError(sentence));
    await expect(rollouts.set('m', { percent: 0 })).rejects.toThrow(new StartError(sentence));
  });

  it('ends a look with a sentence that speaks of no change', async () => {
    const service = await clientOf(silent);
    const sentence = `The service at ${service.url} has not answered for 0.1 s: it hangs, or what stands before it does.`;
    await expect(service.models()).rejects.toThrow(new StartError(sentence));
    const rollouts = new RolloutClient(service);
    const advice = `${sentence} Restart it; with CANARY_PERCENT=0 its canaries get nothing.`;
    await expect(rollouts.list()).rejects.toThrow(new StartError(advice));
    await expect(rollouts.view('m')).rejects.toThrow(new StartError(advice));
  });

  it('is an interruption when somebody interrupts first', async () => {
    const interruption = new AbortController();
    const rollouts = new RolloutClient(await clientOf(silent, interruption.signal));
    setTimeout(() => {
      interruption.abort();
    }, LIMIT_MS / 4);
    await expect(rollouts.list()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
  });
});

it('lets texts be computed for longer than a quick answer may take', async () => {
  const item = { label: 'POSITIVE', score: 0.9, tokens: 3, truncated: false, model_version: 'v1' };
  const service = await clientOf((_request, response) => {
    setTimeout(() => response.end(JSON.stringify({ results: [item] })), 3 * LIMIT_MS);
  });
  await expect(predictBatch(service, 'm', 'v1', ['text'])).resolves.toMatchObject([{ ok: true, tokens: 3 }]);
});
