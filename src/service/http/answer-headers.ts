import type { Express, Response } from 'express';
import { ServerResponse } from 'node:http';
import type { Lifecycle } from '../request/lifecycle.js';
import { contextOf, type RequestContext } from '../request/request-context.js';

const entry = (name: string, ms: number | null): string =>
  ms === null ? '' : `${name};dur=${ms.toFixed(3)}, `;

/**
 * The value of `Server-Timing` (https://www.w3.org/TR/server-timing/) in milliseconds: the stages that happened, the
 * cache level that answered, and the total up to now, which is the sum of the stages.
 */
export function serverTiming(context: RequestContext): string {
  const { cacheLevel } = context;
  const totalMs = context.elapsedMs();
  const stages = context.stages(totalMs);
  return (
    entry('receive', stages.receiveMs) +
    entry(cacheLevel === null ? 'cache' : `cache;desc=${cacheLevel}`, stages.cacheMs) +
    entry('join', stages.joinMs) +
    entry('queue', stages.queueMs) +
    entry('transfer', stages.transferMs) +
    entry('tokenize', stages.tokenizeMs) +
    entry('inference', stages.inferenceMs) +
    entry('event_loop', stages.eventLoopMs) +
    entry('serialise', stages.serialiseMs) +
    `total;dur=${totalMs.toFixed(3)}`
  );
}

type WriteHead = (this: Response, status: number, ...rest: unknown[]) => Response;

/** Alternating names and values, as writeHead takes them. */
function stampsOf(response: Response, lifecycle: Lifecycle): string[] {
  const stamps: string[] = [];
  const context = contextOf(response);
  if (context !== undefined) {
    stamps.push('x-request-id', context.requestId, 'server-timing', serverTiming(context));
  }
  if (!response.hasHeader('cache-control')) stamps.push('cache-control', 'no-store');
  if (lifecycle.phase === 'draining') stamps.push('connection', 'close');
  return stamps;
}

/**
 * Adds the headers of every answer just before they are sent: the request id, Server-Timing, `connection: close` while
 * draining, and `cache-control: no-store` unless the route has set another value (ADR 10). It overrides writeHead once,
 * on the prototype of this application's responses, because a listener per response would cost each request a closure.
 * A list of headers is written directly; headers that are set one by one are first stored in a table, which is slower.
 */
export function stampAnswers(express: Express, lifecycle: Lifecycle): void {
  const { response } = express as unknown as { response: Response };
  const original = Object.getOwnPropertyDescriptor(ServerResponse.prototype, 'writeHead')?.value as WriteHead;
  response.writeHead = function (this: Response, status: number, ...rest: unknown[]): Response {
    const stamps = stampsOf(this, lifecycle);
    const [list] = rest;
    if (Array.isArray(list)) return original.call(this, status, [...(list as unknown[]), ...stamps]);
    for (let i = 0; i < stamps.length; i += 2) this.setHeader(stamps[i] ?? '', stamps[i + 1] ?? '');
    return original.call(this, status, ...rest);
  };
}
