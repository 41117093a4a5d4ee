import type { Express, Response } from 'express';
import { ServerResponse } from 'node:http';
import type { Lifecycle } from '../request/lifecycle.js';
import { contextOf, type RequestContext } from '../request/request-context.js';

const entry = (name: string, ms: number | null): string =>
  ms === null ? '' : `${name};dur=${ms.toFixed(3)}, `;

/**
 * `Server-Timing` (https://www.w3.org/TR/server-timing/), milliseconds: the stages that happened, with the level of the
 * cache that answered, and the total, which ends now and is their sum.
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

/** Names and values in turn, as writeHead takes them. */
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
 * Adds what every answer carries, at the last moment before its headers leave: the request's id, Server-Timing,
 * `connection: close` while draining, and `cache-control: no-store` unless the route has said otherwise (ADR 10). It
 * overrides writeHead once, on the prototype of this application's responses, since a listener per response would cost
 * each request a closure. Headers that come as one list are written as they stand; each one that is set by itself is
 * kept in a table first.
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
