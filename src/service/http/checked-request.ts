import { createParamDecorator, type ExecutionContext, type Type } from '@nestjs/common';
import type { Request } from 'express';
import type { WireRequest } from '../request/wire-request.js';
import { StrictBody } from './strict-body.pipe.js';

/** Where the arguments of a handler have the request. Nest's `switchToHttp()` makes four objects to say the same. */
const REQUEST = 0;

/**
 * Parameter decorator: the request, its body as an instance of a DTO, checked by {@link StrictBody}. For the routes that
 * are asked thousands of times a second: what runs as a pipe costs each request five promises. Swagger knows the body by
 * an `@ApiBody` beside it.
 */
export function CheckedRequest(dto: Type<object>): ParameterDecorator {
  const strict = new StrictBody(dto);
  return createParamDecorator((_: unknown, host: ExecutionContext): WireRequest => {
    const request = host.getArgByIndex<Request>(REQUEST);
    request.body = strict.transform(request.body);
    return request;
  })();
}
