import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { attachContext, contextOf, RequestContext } from '../request/request-context.js';
import { attachShape } from '../request/reply.js';
import { requestIdFrom, traceParentFrom } from '../request/request-ids.js';
import type { RequestObservers } from '../request/request-observers.js';
import { networkReader } from './access/client-network.js';
import type { UntrustedProxy } from './access/untrusted-proxy.js';
import { timeoutOf, wantedMsFrom } from './deadline.js';
import { assertHttpRules } from './http-rules.js';
import { attachMatch, clientRouteOf, matchByHeaders } from './match.js';
import { responseClosed } from './pipelined-requests.js';
import type { Route, RoutedDialect } from './route.js';
import { pathOf, type RouteTable } from './routes.js';

/**
 * Attaches the match of the request by its headers. Returns the matched dialect; undefined for the service's own
 * controllers.
 */
function enter(
  route: Route,
  request: Request,
  response: Response,
  context: RequestContext,
): RoutedDialect | undefined {
  const match = matchByHeaders(route, request);
  attachMatch(response, match);
  context.asksModel = clientRouteOf(match, request.method)?.asksModel === true;
  return match.entry?.dialect;
}

/**
 * The outermost middleware, before the body is read and before Nest. It gives each request its context, and ensures
 * that the observers get the request's record exactly once, however the request ends.
 */
export function requestMiddleware(
  observers: RequestObservers,
  routes: RouteTable,
  { requestTimeoutMs, trustProxy }: Pick<SerinConfig, 'requestTimeoutMs' | 'trustProxy'>,
  untrustedProxy: UntrustedProxy,
): RequestHandler {
  const networkOf = networkReader(trustProxy !== null, (request) => {
    untrustedProxy.look(request);
  });

  function onClose(this: Response): void {
    const context = contextOf(this);
    if (context !== undefined) observers.closed(this, context);
    responseClosed(this);
  }

  return (request: Request, response: Response, next: NextFunction): void => {
    const { headers } = request;
    const context = new RequestContext(
      requestIdFrom(headers['x-request-id']),
      traceParentFrom(headers.traceparent),
      requestTimeoutMs,
    );
    context.method = request.method;
    context.network = networkOf(request);
    const path = pathOf(request.url);
    const route = routes.find(path);
    context.route = route?.template ?? 'unmatched';
    attachContext(response, context);
    response.locals.requestId = context.requestId;
    response.on('close', onClose);
    try {
      const dialect = route === undefined ? routes.dialectOf(path) : enter(route, request, response, context);
      if (dialect !== undefined) {
        attachShape(response, dialect);
        context.dialect = dialect.name;
      }
      assertHttpRules(request, response);
      context.wantedMs = wantedMsFrom(headers['x-deadline-ms']);
      context.deadlineAt = context.startedAt + timeoutOf(context.wantedMs, requestTimeoutMs);
    } catch (error) {
      next(error);
      return;
    }
    next();
  };
}
