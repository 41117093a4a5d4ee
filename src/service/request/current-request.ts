import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { contextOf, type RequestContext } from './request-context.js';

/** Index of the response in a handler's arguments. Nest's `switchToHttp()` would create four objects to find it. */
const RESPONSE = 1;

/** The context of the current request. @throws Error when the request middleware has not run */
export function requestOf(host: ExecutionContext): RequestContext {
  const context = contextOf(host.getArgByIndex<object>(RESPONSE));
  if (context === undefined) throw new Error('The request middleware has not run.');
  return context;
}

/** Parameter decorator: the {@link RequestContext} of the request that the handler answers. */
export const CurrentRequest = createParamDecorator((_: unknown, host: ExecutionContext) => requestOf(host));
