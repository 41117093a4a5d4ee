import type { Express, Response } from 'express';
import { ServerResponse } from 'node:http';
import type { Lifecycle } from './lifecycle.js';
import { contextOf, type RequestContext } from './request-context.js';

const entry = (name: string, ms: number | null): string =>
  ms === null ? '' : `${name};dur=${ms.toFixed(2)}, `;

/**
 * `Server-Timing` (https://www.w3.org/TR/server-timing/), milliseconds: the level of the cache that answered, the
 * stages that happened, then the total.
 */
export function serverTiming(context: RequestContext): string {
  const stages =
    (context.cacheLevel === null ? '' : `cache;desc=${context.cacheLevel}, `) +
    entry('queue', context.queueMs) +
    entry('tokenize', context.tokenizeMs) +
    entry('inference', context.inferenceMs);
  return `${stages}total;dur=${context.elapsedMs().toFixed(2)}`;
}

type WriteHead = (this: Response, ...args: unknown[]) => Response;

/**
 * Adds what every answer carries, at the last moment before its headers leave: Server-Timing, `connection: close`
 * while draining, and `cache-control: no-store` unless the route has said otherwise (ADR 10). It overrides writeHead
 * once, on the prototype of this application's responses, since a listener per response would cost each request a
 * closure.
 */
export function stampAnswers(express: Express, lifecycle: Lifecycle): void {
  const { response } = express as unknown as { response: Response };
  const original = Object.getOwnPropertyDescriptor(ServerResponse.prototype, 'writeHead')?.value as WriteHead;
  response.writeHead = function (this: Response, ...args: unknown[]): Response {
    const context = contextOf(this);
    if (context !== undefined) this.setHeader('server-timing', serverTiming(context));
    if (!this.hasHeader('cache-control')) this.setHeader('cache-control', 'no-store');
    if (lifecycle.phase === 'draining') this.setHeader('connection', 'close');
    return original.apply(this, args);
  };
}
