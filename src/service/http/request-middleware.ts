import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { RequestLog } from '../observability/request-log.js';
import { attachContext, contextOf, RequestContext } from '../request/request-context.js';
import { attachShape } from '../request/reply.js';
import { requestIdFrom, traceIdFrom } from '../request/request-ids.js';
import { timeoutFrom } from './deadline.js';
import { attachMatch, matchByHeaders } from './match.js';
import type { Route, RoutedDialect } from './route.js';
import { originForm, pathOf, type RouteTable } from './routes.js';

/** Says who answers the request, as far as its headers tell; undefined: the service's own controllers. */
function enter(route: Route, request: Request, response: Response): RoutedDialect | undefined {
  const match = matchByHeaders(route, request);
  attachMatch(response, match);
  return match.entry?.dialect;
}

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
    const path = pathOf(request.url);
    const route = routes.find(path);
    context.route = route?.template ?? 'unmatched';
    attachContext(response, context);
    response.locals.requestId = context.requestId;
    response.on('close', onClose);
    try {
      const dialect = route === undefined ? routes.dialectOf(path) : enter(route, request, response);
      if (dialect !== undefined) attachShape(response, dialect);
      context.deadlineAt = context.startedAt + timeoutFrom(headers['x-deadline-ms'], requestTimeoutMs);
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
