import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import type { SerinConfig } from '../../base/config/serin-config.js';
import { AppError } from '../../base/errors/app-error.js';
import { normalPath, pathOf } from './routes.js';

const OPERATOR_PATH = /^\/(admin|metrics|models|docs|openapi\.json)(?:\/|$)/;

const ON_ADMIN_PORT = Symbol('on the admin port');

interface WithPort extends IncomingMessage {
  [ON_ADMIN_PORT]?: true;
}

/** Whether some port serves the documentation. */
export const docsServed = ({ closedRoutes }: Pick<SerinConfig, 'closedRoutes'>): boolean =>
  !closedRoutes.includes('docs');

/** Marks a request that came to ADMIN_PORT. */
export function markAdminPort(request: IncomingMessage): void {
  (request as WithPort)[ON_ADMIN_PORT] = true;
}

/**
 * Answers 404 for the operator's routes that are closed, and on the port for clients for all of them when there is an
 * ADMIN_PORT. It comes before the guard of /admin, so that the port for clients does not show that there is an /admin.
 * Null when every port serves every route.
 */
export function operatorRoutes({
  adminPort,
  closedRoutes,
}: Pick<SerinConfig, 'adminPort' | 'closedRoutes'>): RequestHandler | null {
  if (adminPort === null && closedRoutes.length === 0) return null;
  const closed = new Set<string>(closedRoutes);
  if (!docsServed({ closedRoutes })) closed.add('openapi.json');
  return (request, _response, next): void => {
    const name = OPERATOR_PATH.exec(normalPath(pathOf(request.url)))?.[1];
    const isServed =
      name === undefined ||
      (!closed.has(name) && (adminPort === null || (request as WithPort)[ON_ADMIN_PORT] === true));
    if (isServed) next();
    else next(new AppError('NOT_FOUND', 'There is no such route on this port.'));
  };
}

/**
 * Answers GET /, where a browser begins: it leads to the documentation where the request's port serves that. The
 * address is relative, so that a path that a proxy puts before it is kept.
 */
export function rootRoute(config: Pick<SerinConfig, 'adminPort' | 'closedRoutes'>): RequestHandler {
  return (request, response, next): void => {
    const here = config.adminPort === null || (request as WithPort)[ON_ADMIN_PORT] === true;
    if (here && docsServed(config))
      response.writeHead(302, { location: 'docs', 'content-length': '0' }).end();
    else next(new AppError('NOT_FOUND', 'There is no page on this port; POST /predict answers texts.'));
  };
}
