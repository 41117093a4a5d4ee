import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { contextOf, type RequestContext } from './request-context.js';

/** Where the arguments of a handler have the response. Nest's `switchToHttp()` makes four objects to say the same. */
const RESPONSE = 1;

/** @throws Error outside of a request that came through the request middleware. */
export function requestOf(host: ExecutionContext): RequestContext {
  const context = contextOf(host.getArgByIndex<object>(RESPONSE));
  if (context === undefined) throw new Error('The request middleware has not run.');
  return context;
}

/** Parameter decorator: the {@link RequestContext} of the request that the handler answers. */
export const CurrentRequest = createParamDecorator((_: unknown, host: ExecutionContext) => requestOf(host));
