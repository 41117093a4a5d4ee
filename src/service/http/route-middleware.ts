import type { RequestHandler } from 'express';
import { AppError } from '../../base/errors/app-error.js';
import { matchOf } from './match.js';

/**
 * Refuses a request that no route can answer before its body is read: 404 for an unknown path, 405 with `allow` for a
 * known path with another method. It also answers OPTIONS with `allow`.
 */
export function routeMiddleware(): RequestHandler {
  return ({ method }, response, next): void => {
    const route = matchOf(response)?.route;
    if (route === undefined) {
      next(new AppError('NOT_FOUND', 'There is no such route; GET /docs lists them.'));
      return;
    }
    if (route.methods.has(method)) {
      next();
      return;
    }
    const allowed = [...route.methods, 'OPTIONS'].join(', ');
    response.setHeader('allow', allowed);
    if (method === 'OPTIONS') {
      response.statusCode = 204;
      response.end();
      return;
    }
    next(
      new AppError(
        'METHOD_NOT_ALLOWED',
        `${method} is not allowed for ${route.template}; allowed is ${allowed}.`,
      ),
    );
  };
}
