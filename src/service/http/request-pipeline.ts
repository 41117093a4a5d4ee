import { Inject, Injectable } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { SERIN_CONFIG, type SerinConfig } from '../../base/config/serin-config.js';
import { contextOf } from '../request/request-context.js';
import { RequestObservers } from '../request/request-observers.js';
import { Access } from './access/access.js';
import { adminGuard } from './access/admin-guard.js';
import { UntrustedProxy } from './access/untrusted-proxy.js';
import { admissionMiddleware } from './admission.js';
import { dispatchMiddleware } from './dispatch-middleware.js';
import { matchOf } from './match.js';
import { operatorRoutes } from './operator-routes.js';
import { jsonBody, rawBody } from './request-body.js';
import { requestMiddleware } from './request-middleware.js';
import { routeMiddleware } from './route-middleware.js';
import { normalPath, pathOf, RouteTable } from './routes.js';

const SMALL_A = 0x61;
const CAPITAL_A = 0x41;

/**
 * Runs a step for /admin and every path below it, whether it has a route or not. The first letter decides about nearly
 * all other paths, at less cost than their normal form.
 */
const underAdmin =
  (step: RequestHandler): RequestHandler =>
  (request, response, next): void => {
    const first = request.url.charCodeAt(1);
    const path = first === SMALL_A || first === CAPITAL_A ? normalPath(pathOf(request.url)) : '';
    if (path === '/admin' || path.startsWith('/admin/')) void step(request, response, next);
    else next();
  };

/** Reads the body in the way that the route declares. */
function bodyMiddleware(maxBodyBytes: number): RequestHandler {
  const json = jsonBody(maxBodyBytes);
  const raw = rawBody(maxBodyBytes);
  return (request, response, next): void => {
    const step = matchOf(response)?.entry?.route.body === 'raw' ? raw : json;
    void step(request, response, next);
  };
}

/**
 * All steps between the socket and the controllers, in their order. A request that can be refused without its body is
 * refused before the body is read. All steps are one middleware, so that a request passes one layer of Express.
 */
@Injectable()
export class RequestPipeline {
  private readonly steps: readonly RequestHandler[];

  constructor(
    routes: RouteTable,
    observers: RequestObservers,
    @Inject(SERIN_CONFIG) config: SerinConfig,
    access: Access,
    untrustedProxy: UntrustedProxy,
  ) {
    const byPort = operatorRoutes(config);
    this.steps = [
      requestMiddleware(observers, routes, config, untrustedProxy),
      ...(byPort === null ? [] : [byPort]),
      underAdmin(adminGuard(config.adminToken)),
      routeMiddleware(),
      ...(access.isOpen ? [] : [admissionMiddleware(access)]),
      bodyMiddleware(config.maxBodyBytes),
      dispatchMiddleware(access),
    ];
  }

  /** The middleware for Express. */
  readonly handle: RequestHandler = (request, response, done): void => {
    this.run(0, request, response, done);
  };

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
