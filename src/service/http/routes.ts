import { Injectable } from '@nestjs/common';
import type { RequestHandler } from 'express';
import type { ClientRoute } from './client-route.js';
import { Route, type RoutedDialect } from './route.js';

const ORIGIN = /^https?:\/\/[^/?]*/i;

/**
 * The path and query of a request's target, without the origin that a proxy may put before them. All code must use this
 * form: if two parts of the service read one target differently, it could pass the guards as one path and be answered
 * as another. A target in another form, such as `*` or `ftp://…`, becomes a path that no route has.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const rest = target.replace(ORIGIN, '');
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** The path of a target in origin form, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : target.slice(0, query);
}

const UNNORMAL = /[A-Z]|.\/$/;

/** Normalizes a path as the router does: it ignores case and a trailing slash. */
export function normalPath(path: string): string {
  if (!UNNORMAL.test(path)) return path;
  const lower = path.toLowerCase();
  return lower.length > 1 && lower.endsWith('/') ? lower.slice(0, -1) : lower;
}

const matches = (template: readonly string[], path: readonly string[]): boolean =>
  template.length === path.length &&
  template.every((part, i) => (part.startsWith(':') ? path[i] !== '' : part === path[i]));

/** A template without the names of its parameters. */
const anonymous = (template: string): string => normalPath(template).replaceAll(/\/:[^/]+/g, '/:');

/**
 * Finds the route of a path before any router runs. Refused requests are logged and counted under this route too, and
 * it separates a wrong method (405) from a wrong path (404).
 */
@Injectable()
export class RouteTable {
  private readonly exact = new Map<string, Route>();
  private readonly parametrized: { readonly parts: readonly string[]; readonly route: Route }[] = [];
  private readonly prefixes: { readonly prefix: string; readonly dialect: RoutedDialect }[] = [];
  private readonly subtrees: { readonly prefix: string; readonly route: Route }[] = [];

  /**
   * @param path template; `/docs/*` means everything under /docs
   * @param handler answers these methods; when a method has two handlers, the first counts, as in the router
   */
  add(path: string, methods: readonly string[], handler?: RequestHandler): void {
    const known = this.known(path);
    const handlers = new Map(handler === undefined ? [] : methods.map((method) => [method, handler]));
    for (const [method, first] of known.handlers) handlers.set(method, first);
    const ownMethods = new Set([...known.ownMethods, ...methods]);
    this.put(known.with({ methods: new Set([...known.methods, ...methods]), ownMethods, handlers }));
  }

  /**
   * Declares the requirements of a controller's route for its clients.
   * @throws Error when there is no such route
   */
  declare(route: ClientRoute): void {
    const known = this.known(route.path);
    if (!known.ownMethods.has(route.method))
      throw new Error(`No controller has ${route.method} ${route.path}.`);
    this.put(known.with({ forClients: new Map([...known.forClients, [route.method, route]]) }));
  }

  /** Adds the routes of a dialect. */
  addDialect(dialect: RoutedDialect, handler: RequestHandler): void {
    for (const route of dialect.routes) {
      const known = this.known(route.path);
      const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method];
      const dialects = [...known.dialects, { dialect, route, handler }];
      this.put(known.with({ methods: new Set([...known.methods, ...methods]), dialects }));
    }
    for (const prefix of dialect.prefixes ?? [])
      this.prefixes.push({ prefix: prefix.toLowerCase(), dialect });
  }

  /** The dialect of a path that has no route; undefined when the path belongs to no dialect. */
  dialectOf(path: string): RoutedDialect | undefined {
    const normal = normalPath(path);
    return this.prefixes.find(({ prefix }) => normal.startsWith(prefix))?.dialect;
  }

  /** @param path the request's path, without its query */
  find(path: string): Route | undefined {
    const normal = normalPath(path);
    const exact = this.exact.get(normal);
    if (exact !== undefined) return exact;
    const parts = normal.split('/');
    return (
      this.parametrized.find((entry) => matches(entry.parts, parts))?.route ??
      this.subtrees.find((entry) => normal.startsWith(entry.prefix))?.route
    );
  }

  all(): Route[] {
    return [
      ...this.exact.values(),
      ...this.parametrized.map((entry) => entry.route),
      ...this.subtrees.map((entry) => entry.route),
    ];
  }

  /** The route of a template. Templates that differ only in the names of their parameters share a route. */
  private known(path: string): Route {
    const known = this.all().find(({ template }) => anonymous(template) === anonymous(path));
    return known ?? new Route(path);
  }

  private put(route: Route): void {
    const { template } = route;
    if (template.endsWith('/*')) {
      const others = this.subtrees.filter((entry) => entry.route.template !== template);
      this.subtrees.splice(0, this.subtrees.length, ...others, { prefix: template.slice(0, -1), route });
    } else if (template.includes(':')) {
      const others = this.parametrized.filter((entry) => entry.route.template !== template);
      const parts = normalPath(template).split('/');
      this.parametrized.splice(0, this.parametrized.length, ...others, { parts, route });
    } else {
      this.exact.set(normalPath(template), route);
    }
  }
}
