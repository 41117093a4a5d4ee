import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { attachShape } from '../request/reply.js';
import { contextOf } from '../request/request-context.js';
import type { Access } from './access/access.js';
import { admitAgain } from './admission.js';
import { attachMatch, clientRouteOf, matchByBody, matchOf, paramsOf } from './match.js';
import type { Match } from './route.js';
import { pathOf } from './routes.js';

/**
 * Settles the match by the body.
 * @throws AppError when the route of the claiming dialect requires more of its client
 */
function settle(access: Access, before: Match, request: Request, response: Response): Match {
  const match = matchByBody(before, request);
  if (match === before || match.entry === undefined) return before;
  attachMatch(response, match);
  attachShape(response, match.entry.dialect);
  const context = contextOf(response);
  if (context !== undefined) {
    context.dialect = match.entry.dialect.name;
    context.asksModel = match.entry.route.asksModel;
  }
  const routes = { before: clientRouteOf(before, request.method), now: match.entry.route };
  const refusal = admitAgain(access, routes, request, response);
  if (refusal !== null) throw refusal;
  return match;
}

/**
 * Calls the matching dialect, or the handler of a route without parameters directly: Express would first try the
 * pattern of every earlier route, one regular expression after the other. It must be the last middleware, because it
 * skips everything that is registered after it.
 */
export function dispatchMiddleware(access: Access): RequestHandler {
  /** This runs after the body has ended, where no other code would catch an error of a dialect. */
  const toDialect = (before: Match, request: Request, response: Response, next: NextFunction): void => {
    let match: Match;
    try {
      match = before.isSettled ? before : settle(access, before, request, response);
      if (match.entry !== undefined) request.params = paramsOf(match.entry.route.path, pathOf(request.url));
    } catch (error) {
      next(error);
      return;
    }
    const handler = match.entry?.handler ?? match.route.handlers.get(request.method);
    if (handler === undefined) next();
    else void handler(request, response, next);
  };

  return (request, response, next): void => {
    const match = matchOf(response);
    if (match !== undefined && match !== match.route.own) {
      toDialect(match, request, response, next);
      return;
    }
    const handler = match?.route.handlers.get(request.method);
    if (handler === undefined) next();
    else void handler(request, response, next);
  };
}
