import type { Request, RequestHandler, Response } from 'express';
import type { AppError } from '../../base/errors/app-error.js';
import { contextOf } from '../request/request-context.js';
import type { Access } from './access/access.js';
import type { ClientRoute } from './client-route.js';
import { clientRouteOf, matchOf } from './match.js';

/** Checks the key and the rate of a request; returns the error when the request is refused, otherwise null. */
function admit(access: Access, route: ClientRoute, request: Request, response: Response): AppError | null {
  const context = contextOf(response);
  if (route.key !== null) {
    const name = access.authenticate(route.key(request));
    if (name !== null && typeof name !== 'string') return name;
    if (context !== undefined) context.apiKeyName = name;
  }
  if (!route.rate || !access.limitsRate) return null;
  if (context !== undefined) context.countsAgainstRate = true;
  return access.admit(context?.client ?? null);
}

/** Checks key and rate on the routes for clients, before the body is read. */
export function admissionMiddleware(access: Access): RequestHandler {
  return (request, response, next): void => {
    const match = matchOf(response);
    const route = match && clientRouteOf(match, request.method);
    const refusal = route === undefined ? null : admit(access, route, request, response);
    if (refusal === null) next();
    else next(refusal);
  };
}

/**
 * Checks again when the body selects another route than the headers did. Checks that the first route already made are
 * not repeated.
 */
export function admitAgain(
  access: Access,
  { before, now }: { readonly before: ClientRoute | undefined; readonly now: ClientRoute },
  request: Request,
  response: Response,
): AppError | null {
  const key = now.key === before?.key ? null : now.key;
  const rate = now.rate && before?.rate !== true;
  return key === null && !rate ? null : admit(access, { ...now, key, rate }, request, response);
}
