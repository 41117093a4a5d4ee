import type { Request, RequestHandler, Response } from 'express';
import type { AppError } from '../../base/errors/app-error.js';
import { attachShape } from '../request/reply.js';
import type { Access } from './access/access.js';
import { admitAgain } from './admission.js';
import { attachMatch, clientRouteOf, matchByBody, matchOf, paramsOf } from './match.js';
import type { Match } from './route.js';
import { pathOf } from './routes.js';

/** Lets the body say which dialect it is in; the refusal when the route of that one asks for more of its client. */
function settle(access: Access, before: Match, request: Request, response: Response): AppError | null {
  const match = matchByBody(before, request);
  if (match === before || match.entry === undefined) return null;
  attachMatch(response, match);
  attachShape(response, match.entry.dialect);
  const routes = { before: clientRouteOf(before, request.method), now: match.entry.route };
  return admitAgain(access, routes, request, response);
}

/**
 * Hands the request to the dialect that it is in, or goes to a route without parameters at once: Express would try the
 * pattern of each route that is registered before it, one regular expression after the other. The last of the
 * middlewares: nothing that is registered after it is missed.
 */
export function dispatchMiddleware(access: Access): RequestHandler {
  return (request, response, next): void => {
    const match = matchOf(response);
    if (match?.isSettled === false) {
      const refusal = settle(access, match, request, response);
      if (refusal !== null) {
        next(refusal);
        return;
      }
    }
    const entry = matchOf(response)?.entry;
    if (entry !== undefined) request.params = paramsOf(entry.route.path, pathOf(request.url));
    const handler = entry?.handler ?? match?.route.handlers.get(request.method);
    if (handler === undefined) next();
    else void handler(request, response, next);
  };
}
