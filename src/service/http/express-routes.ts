import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { RouteTable } from './routes.js';

/** The members of a route that Express' types leave out. */
interface ExpressRoute {
  readonly path: string;
  readonly methods: Readonly<Record<string, boolean>>;
  dispatch(request: Request, response: Response, next: NextFunction): void;
}

const hasParameters = (path: string): boolean => /[:*{]/.test(path);

/** GET includes HEAD: Express runs the handler and Node omits the body. */
const methodsOf = (methods: Readonly<Record<string, boolean>>): string[] =>
  Object.keys(methods).flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));

/** Adds every route that is registered with Express so far; middlewares have no route. */
export function addExpressRoutes(express: Express, table: RouteTable): void {
  for (const layer of express.router.stack) {
    const route = layer.route as unknown as ExpressRoute | undefined;
    if (route === undefined) continue;
    const dispatch: RequestHandler = (request, response, next) => {
      route.dispatch(request, response, next);
    };
    table.add(route.path, methodsOf(route.methods), hasParameters(route.path) ? undefined : dispatch);
  }
}
