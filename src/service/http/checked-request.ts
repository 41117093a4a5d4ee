import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import type { Request } from 'express';
import type { WireRequest } from '../request/wire-request.js';
import { StrictBody } from './strict-body.pipe.js';

/** Index of the request in a handler's arguments. Nest's `switchToHttp()` would create four objects to find it. */
const REQUEST = 0;

/**
 * Parameter decorator: the request, with its body as an instance of a DTO, checked by {@link StrictBody}. Use it on
 * routes that receive thousands of requests per second, because a pipe costs each request five promises. Swagger learns
 * the body from an `@ApiBody` on the same method.
 */
export function CheckedRequest(dto: Type<object>): ParameterDecorator {
  const strict = new StrictBody(dto);
  return createParamDecorator((_: unknown, host: ExecutionContext): WireRequest => {
    const request = host.getArgByIndex<Request>(REQUEST);
    request.body = strict.transform(request.body);
    return request;
  })();
}
