import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { RequestLog } from '../observability/request-log.js';
import { attachContext, contextOf, RequestContext } from '../request/request-context.js';
import { requestIdFrom, traceIdFrom } from '../request/request-ids.js';
import { timeoutFrom } from './deadline.js';
import { originForm, pathOf, type RouteTable } from './routes.js';

/**
 * The outermost middleware, before the body is read and before Nest: gives each request its context, and sees
 * to it that the request leaves one log line and one observation behind, whatever becomes of it.
 */
export function requestMiddleware(
  log: RequestLog,
  routes: RouteTable,
  requestTimeoutMs: number,
): RequestHandler {
  function onClose(this: Response): void {
    const context = contextOf(this);
    if (context !== undefined) log.write(this, context);
  }

  return (request: Request, response: Response, next: NextFunction): void => {
    const { headers } = request;
    const context = new RequestContext(
      requestIdFrom(headers['x-request-id']),
      traceIdFrom(headers.traceparent),
      requestTimeoutMs,
    );
    request.url = originForm(request.url);
    context.route = routes.find(pathOf(request.url))?.template ?? 'unmatched';
    attachContext(response, context);
    response.locals.requestId = context.requestId;
    response.on('close', onClose);
    try {
      context.deadlineAt = context.startedAt + timeoutFrom(headers['x-deadline-ms'], requestTimeoutMs);
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
