import type { Express } from 'express';
import type { RouteTable } from './routes.js';

/** GET answers HEAD too: Express runs its handler and Node leaves the body out. */
const methodsOf = (methods: Readonly<Record<string, boolean>>): string[] =>
  Object.keys(methods).flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));

/** Enters every route that is registered with Express by now; middleware has none. */
export function addExpressRoutes(express: Express, table: RouteTable): void {
  for (const { route } of express.router.stack) {
    if (route === undefined) continue;
    table.add(route.path, methodsOf((route as unknown as { methods: Record<string, boolean> }).methods));
  }
}
