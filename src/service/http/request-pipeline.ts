import { Inject, Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { RedisConnection } from '../redis/redis-connection.js';
import { contextOf } from '../request/request-context.js';
import { RequestObservers } from '../request/request-observers.js';
import { accessMiddleware } from './access/access-middleware.js';
import { adminGuard } from './access/admin-guard.js';
import { jsonBody } from './access/json-body.js';
import { directMiddleware } from './express-routes.js';
import { requestMiddleware } from './request-middleware.js';
import { routeMiddleware } from './route-middleware.js';
import { normalPath, pathOf, RouteTable } from './routes.js';

/** Routes that need an API key and count against the rate limit. */
const FOR_CLIENTS: ReadonlySet<string> = new Set(['/predict', '/predict_batch', '/feedback']);

/** Runs a step for the paths that a test accepts alone. */
const onPaths =
  (accepts: (path: string) => boolean, step: RequestHandler): RequestHandler =>
  (request, response, next): void => {
    if (accepts(normalPath(pathOf(request.url)))) void step(request, response, next);
    else next();
  };

/**
 * Everything between the socket and the controllers, in the order in which a request meets it: what can be refused
 * without reading the body is refused before the body is read. One Nest middleware for all steps, because Nest wraps
 * each middleware in a promise, which a cache hit would pay for six times.
 */
@Injectable()
export class RequestPipeline implements NestMiddleware {
  private readonly steps: readonly RequestHandler[];

  constructor(
    routes: RouteTable,
    observers: RequestObservers,
    @Inject(SERIN_CONFIG) config: SerinConfig,
    @Inject(RedisConnection) redis: RedisConnection | null,
  ) {
    this.steps = [
      requestMiddleware(observers, routes, config),
      onPaths((path) => path === '/admin' || path.startsWith('/admin/'), adminGuard(config.adminToken)),
      routeMiddleware(routes),
      ...accessMiddleware(config, redis).map((step) => onPaths((path) => FOR_CLIENTS.has(path), step)),
      jsonBody(config.maxBodyBytes),
      directMiddleware(routes),
    ];
  }

  use(request: Request, response: Response, done: NextFunction): void {
    this.run(0, request, response, done);
  }

  private run(index: number, request: Request, response: Response, done: NextFunction): void {
    const step = this.steps[index];
    if (step === undefined) {
      done();
      return;
    }
    void step(request, response, (error?: unknown) => {
      if (error === undefined) {
        this.run(index + 1, request, response, done);
        return;
      }
      const context = contextOf(response);
      if (context !== undefined) context.isRejected = true;
      done(error);
    });
  }
}
