import { PassThrough } from 'node:stream';
import type { Request, Response } from 'express';
import { expect, it, vi } from 'vitest';
import { jsonBody } from '../../../../src/service/http/request-body.js';
import { countTurns } from '../../../support/event-loop-turns.js';

interface Sent {
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const text = (length: number): string => JSON.stringify({ text: 'a'.repeat(length) });
const withLength = (body: string): Sent => ({
  body,
  headers: { 'content-type': 'application/json', 'content-length': String(body.length) },
});
const inChunks = (body: string): Sent => ({
  body,
  headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
});

/** The turns of the event loop in which bodies that arrive at the same time are given on, and the bodies. */
async function turnsOf(
  sent: readonly Sent[],
): Promise<{ readonly turns: number[]; readonly bodies: unknown[] }> {
  const read = jsonBody(1_000_000);
  const counter = countTurns();
  const turns: number[] = [];
  const requests = sent.map(({ body, headers }) => {
    const request = Object.assign(new PassThrough(), { headers }) as unknown as Request & PassThrough;
    read(request, {} as Response, (error?: unknown) => {
      if (error !== undefined) throw error as Error;
      turns.push(counter.now());
    });
    request.end(body);
    return request;
  });
  await vi.waitUntil(() => turns.length === sent.length, { interval: 1 });
  counter.stop();
  return { turns, bodies: requests.map(({ body }) => body as unknown) };
}

it.each([
  ['with a length', withLength],
  ['in chunks', inChunks],
])('long bodies %s are parsed one in a turn of the event loop', async (_, send) => {
  const long = [20_000, 30_000, 40_000].map(text);
  const { turns, bodies } = await turnsOf(long.map(send));
  expect(bodies).toEqual(long.map((body) => JSON.parse(body) as unknown));
  expect(new Set(turns).size).toBe(3);
});

it('short bodies are parsed at once', async () => {
  const { turns } = await turnsOf([10, 100, 1000].map((length) => withLength(text(length))));
  expect(new Set(turns).size).toBe(1);
});
