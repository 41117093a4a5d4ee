import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { RouteTable } from './routes.js';

/** What Express' types leave out of a route. */
interface ExpressRoute {
  readonly path: string;
  readonly methods: Readonly<Record<string, boolean>>;
  dispatch(request: Request, response: Response, next: NextFunction): void;
}

const hasParameters = (path: string): boolean => /[:*{]/.test(path);

/** GET answers HEAD too: Express runs its handler and Node leaves the body out. */
const methodsOf = (methods: Readonly<Record<string, boolean>>): string[] =>
  Object.keys(methods).flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));

/** Enters every route that is registered with Express by now; middleware has none. */
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
