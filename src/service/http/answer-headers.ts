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

/**
 * What the page of Swagger UI may load and contact: its own files, its styles in the page, and images that are written
 * into them. Everything else is refused, and no other page may show it in a frame.
 */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Headers for the answers that a browser may open as a page. The success of a POST is none of them: a page without
 * scripts cannot send JSON.
 */
function stampPage(stamps: string[], context: RequestContext | undefined): void {
  stamps.push('x-content-type-options', 'nosniff');
  if (context?.route.startsWith('/docs') === true) stamps.push('content-security-policy', DOCS_POLICY);
}

/** Alternating names and values, as writeHead takes them. */
function stampsOf(response: Response, status: number, lifecycle: Lifecycle): string[] {
  const stamps: string[] = [];
  const context = contextOf(response);
  if (status >= 400 || response.req.method !== 'POST') stampPage(stamps, context);
  if (context !== undefined) {
    stamps.push('x-request-id', context.requestId, 'server-timing', serverTiming(context));
  }
  if (!response.hasHeader('cache-control')) stamps.push('cache-control', 'no-store');
  if (lifecycle.phase === 'draining') stamps.push('connection', 'close');
  return stamps;
}

/**
 * Adds the headers of every answer just before they are sent: the request id, Server-Timing, `connection: close` while
 * draining, `cache-control: no-store` unless the route has set another value (ADR 10), and the headers for browsers. It
 * overrides writeHead once,
 * on the prototype of this application's responses, because a listener per response would cost each request a closure.
 * A list of headers is written directly; headers that are set one by one are first stored in a table, which is slower.
 */
export function stampAnswers(express: Express, lifecycle: Lifecycle): void {
  const { response } = express as unknown as { response: Response };
  const original = Object.getOwnPropertyDescriptor(ServerResponse.prototype, 'writeHead')?.value as WriteHead;
  response.writeHead = function (this: Response, status: number, ...rest: unknown[]): Response {
    const stamps = stampsOf(this, status, lifecycle);
    const [list] = rest;
    if (Array.isArray(list)) return original.call(this, status, [...(list as unknown[]), ...stamps]);
    for (let i = 0; i < stamps.length; i += 2) this.setHeader(stamps[i] ?? '', stamps[i + 1] ?? '');
    return original.call(this, status, ...rest);
  };
}
